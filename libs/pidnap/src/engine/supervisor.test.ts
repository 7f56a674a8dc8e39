import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { eventually, isRunning, pidIn, testManager } from '../../test/test-manager.js';
import type { ProcessConfig } from '../config/config.js';
import type { PidnapEvent, StateEvent } from '../protocol/events.js';
import type { Manager } from '../start-manager.js';

const sleeper = { command: ['sleep', '1000'] } as const satisfies ProcessConfig;
const fast = { backoff: { initial: 10, jitter: 0 } } as const;

async function eventsOf(manager: Manager): Promise<PidnapEvent[]> {
  const events: PidnapEvent[] = [];
  for await (const event of manager.events({ cursor: 0, follow: false })) events.push(event);
  return events;
}

async function statesOf(manager: Manager, name: string): Promise<string[]> {
  const events = await eventsOf(manager);
  return events
    .filter((event): event is StateEvent => 'to' in event && event.name === name)
    .map(({ to }) => to);
}

describe('tasks and dependencies', () => {
  it('runs tasks one after the other and processes after what they name', async () => {
    await using test = await testManager({
      tasks: {
        one: { command: 'sleep 0.1; echo one >> order' },
        two: { command: 'echo two >> order' },
      },
      processes: { web: { command: 'echo web >> order; exec sleep 1000', dependsOn: ['two'] } },
    });
    await test.manager.waitReady();
    await eventually(() => expect(readFileSync(join(test.dir, 'order'), 'utf8')).toBe('one\ntwo\nweb\n'));
    expect(await statesOf(test.manager, 'web')).toEqual(['waiting', 'starting', 'ready']);
  });

  it('runs tasks with an empty dependsOn at the same time', async () => {
    await using test = await testManager({
      tasks: {
        a: { command: 'touch a; while [ ! -e b ]; do sleep 0.01; done' },
        b: { command: 'touch b; while [ ! -e a ]; do sleep 0.01; done', dependsOn: [] },
      },
    });
    await test.manager.waitReady();
  });

  it('a failed task stops what depends on it, says so, and frees it when it is run again', async () => {
    await using test = await testManager({
      tasks: { migrate: { command: 'test -e fixed' } },
      processes: { web: { ...sleeper, dependsOn: ['migrate'] }, other: sleeper },
    });
    const web = await test.until('web', 'failed');
    expect(web.reason).toMatchObject({ code: 'dependency-failed', message: 'migrate failed: exit code 1' });
    expect((await test.process('other')).state).toBe('ready');
    expect((await test.manager.status()).notReady.join()).toContain('migrate is failed (exit code 1)');
    await expect(test.manager.waitReady(['web'])).rejects.toMatchObject({ code: 'failed' });
    writeFileSync(join(test.dir, 'fixed'), '');
    await test.manager.tasks.run('migrate');
    await test.until('web', 'ready');
  });

  it('ends a task at its timeout', async () => {
    await using test = await testManager({ tasks: { slow: { command: 'sleep 1000', timeout: 100 } } });
    await eventually(async () => expect((await test.manager.tasks.get('slow')).state).toBe('failed'));
    expect((await test.manager.tasks.get('slow')).reason?.message).toBe('it did not end within 100 ms');
  });

  it('"healthy" waits for the readiness probe, "started" only for the start', async () => {
    await using test = await testManager({
      processes: {
        db: {
          command: 'sleep 0.4; touch up; exec sleep 1000',
          probes: { readiness: { exec: 'test -e up', interval: 20 } },
        },
        quick: { ...sleeper, dependsOn: { db: 'started' } },
        web: { command: 'test -e up && exec sleep 1000', dependsOn: { db: 'healthy' }, restart: 'never' },
      },
    });
    await test.until('quick', 'ready');
    expect(await test.process('web')).toMatchObject({
      state: 'waiting',
      reason: { message: 'waits for db to be healthy (it is running)' },
      dependsOn: [{ name: 'db', condition: 'healthy', satisfied: false }],
    });
    await test.until('web', 'ready');
  });

  it('"completed" waits for a process that ends well', async () => {
    await using test = await testManager({
      processes: {
        seed: { command: 'sleep 0.1; touch seeded', restart: 'on-failure' },
        web: {
          command: 'test -e seeded && exec sleep 1000',
          dependsOn: { seed: 'completed' },
          restart: 'never',
        },
      },
    });
    await test.until('web', 'ready');
    expect((await test.process('seed')).state).toBe('completed');
  });
});

describe('restarts', () => {
  it('trap 16: death by signal is a failure, and on-failure restarts it', async () => {
    await using test = await testManager({
      processes: {
        web: {
          command: 'test -e again && exec sleep 1000; touch again; kill -SEGV $$',
          restart: 'on-failure',
          ...fast,
        },
      },
    });
    const web = await test.until('web', 'ready');
    await eventually(async () => expect((await test.process('web')).restarts).toBe(1));
    expect((await test.process('web')).lastExit).toMatchObject({ code: null, signal: 'SIGSEGV' });
    expect(web.kind).toBe('process');
  });

  it('on-failure leaves an exit with 0 completed, never leaves a failure failed', async () => {
    await using test = await testManager({
      processes: {
        good: { command: 'exit 0', restart: 'on-failure' },
        bad: { command: 'exit 5', restart: 'never' },
      },
    });
    await test.until('good', 'completed');
    expect(await test.until('bad', 'failed')).toMatchObject({
      reason: { message: 'exit code 5' },
      restarts: 0,
    });
  });

  it('trap 16: failures in a row make the delay grow by default, and the exit code stays visible after a stop', async () => {
    await using test = await testManager({
      processes: { web: { command: 'exit 3', backoff: { initial: 20, jitter: 0, factor: 4 } } },
    });
    await eventually(async () => expect((await test.process('web')).consecutiveFailures).toBe(3));
    expect(await test.manager.processes.stop('web')).toMatchObject({
      state: 'stopped',
      lastExit: { code: 3 },
    });
    const starts = (await eventsOf(test.manager)).flatMap((e) =>
      'to' in e && e.to === 'starting' ? [Date.parse(e.at)] : [],
    );
    expect((starts[2] ?? 0) - (starts[1] ?? 0)).toBeGreaterThanOrEqual(75);
  });

  it('calls quick deaths a crash loop, retries slowly, and recovers on request', async () => {
    await using test = await testManager({
      processes: {
        web: {
          command: 'test -e fixed && exec sleep 1000; exit 1',
          ...fast,
          crashLoop: { failures: 3, retryEvery: 60_000 },
        },
      },
    });
    const web = await test.until('web', 'crash-loop');
    expect(web.reason?.message).toContain('3 failed runs in a row');
    expect(Date.parse(web.nextStartAt ?? '') - Date.now()).toBeGreaterThan(50_000);
    expect(web.restarts).toBe(2);
    writeFileSync(join(test.dir, 'fixed'), '');
    expect(await test.manager.processes.restart('web')).toMatchObject({
      state: 'ready',
      consecutiveFailures: 0,
    });
  });

  it('services that end as fast as they start leave the manager time for everything else', async () => {
    const endless: ProcessConfig = { command: ['/bin/true'], backoff: { initial: 0 }, crashLoop: false };
    const names = Array.from({ length: 8 }, (_, index) => `endless-${index}`);
    await using test = await testManager({
      processes: Object.fromEntries(names.map((name) => [name, endless])),
    });
    let turns = 0;
    const restartsAtTurn: number[] = [];
    while (turns < 50) {
      await sleep(1);
      turns += 1;
      restartsAtTurn.push((await test.process('endless-0')).restarts);
    }
    const steps = restartsAtTurn.map((restarts, turn) => restarts - (restartsAtTurn[turn - 1] ?? 0));
    // Between two turns of the event loop each service starts about once, not for as long as it likes.
    expect(Math.max(...steps)).toBeLessThan(10);
    expect(restartsAtTurn.at(-1)).toBeGreaterThan(10);
  });

  it('a command that does not exist backs off like any failure', async () => {
    await using test = await testManager({
      processes: { web: { command: ['/does/not/exist'], ...fast, crashLoop: { failures: 3 } } },
    });
    const web = await test.until('web', 'crash-loop');
    expect(web.lastExit?.error).toBe('command not found: /does/not/exist');
  });

  it('names the cause of each start in its events', async () => {
    await using test = await testManager({ processes: { web: { ...sleeper, ...fast } } });
    const { pid } = await test.process('web');
    process.kill(pid ?? 0, 'SIGKILL');
    await eventually(async () => expect((await test.process('web')).restarts).toBe(1));
    await test.manager.processes.restart('web');
    const causes = (await eventsOf(test.manager)).flatMap((e) =>
      'to' in e && e.to === 'starting' ? [e.reason?.message] : [],
    );
    expect(causes).toEqual(['the manager starts', 'again after killed by SIGKILL', 'on request']);
  });

  it('trap 6: restarts at the exit while a grandchild still holds stdout', async () => {
    await using test = await testManager({
      processes: {
        web: { command: 'test -e again && exec sleep 1000; touch again; setsid sleep 3 & exit 1', ...fast },
      },
    });
    await eventually(
      async () => expect(await test.process('web')).toMatchObject({ restarts: 1, state: 'ready' }),
      2000,
    );
  });

  it('stop, start and restart at once end in what was asked for last', async () => {
    await using test = await testManager({ processes: { web: sleeper } });
    const { processes } = test.manager;
    await Promise.all([
      processes.restart('web'),
      processes.stop('web'),
      processes.restart('web'),
      processes.start('web'),
    ]);
    await test.until('web', 'ready');
    await Promise.all([processes.restart('web'), processes.start('web'), processes.stop('web')]);
    expect(await test.process('web')).toMatchObject({ state: 'stopped', desired: 'stopped', pid: null });
  });

  it('a critical process that is lost ends the manager with its exit code', async () => {
    await using test = await testManager({
      processes: { main: { command: 'sleep 0.1; exit 42', restart: 'never', critical: true }, web: sleeper },
    });
    const { pid } = await test.process('web');
    expect(await test.manager.ended).toBe(42);
    expect(isRunning(pid ?? 0)).toBe(false);
  });

  it('a critical process that loops ends the manager too; death by signal is 128 plus the signal', async () => {
    await using test = await testManager({
      processes: { main: { command: 'kill -KILL $$', critical: true, ...fast, crashLoop: { failures: 2 } } },
    });
    expect(await test.manager.ended).toBe(137);
  });
});

describe('the clock', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ['forward', 86_400_000],
    ['back', -86_400_000],
  ])('trap 15: a step %s by a day changes neither uptime nor backoff nor crash loops', async (_, stepMs) => {
    await using test = await testManager({
      processes: {
        steady: sleeper,
        looping: { command: 'exit 1', ...fast, crashLoop: { failures: 5, window: 60_000 } },
        waiting: { command: 'exit 1', backoff: { initial: 400, jitter: 0 }, crashLoop: false },
      },
    });
    await test.until('waiting', 'backoff');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + stepMs });
    const { uptimeMs } = await test.process('steady');
    expect(uptimeMs).toBeGreaterThanOrEqual(0);
    expect(uptimeMs).toBeLessThan(10_000);
    await test.until('looping', 'crash-loop');
    await eventually(async () => expect((await test.process('waiting')).restarts).toBe(1), 2000);
    expect((await test.process('waiting')).lastExit?.uptimeMs).toBeLessThan(10_000);
  });
});

describe('probes', () => {
  it('liveness restarts, readiness only changes the state', async () => {
    await using test = await testManager({
      processes: {
        web: {
          command: 'echo run >> runs; touch live ready; exec sleep 1000',
          ...fast,
          probes: {
            readiness: { exec: 'test -e ready', interval: 20, failureThreshold: 1 },
            liveness: { exec: 'test -e live', interval: 20, failureThreshold: 2, initialDelay: 100 },
          },
        },
      },
    });
    const { pid } = await test.until('web', 'ready');
    rmSync(join(test.dir, 'ready'));
    expect(await test.until('web', 'running')).toMatchObject({ pid, ready: false });
    writeFileSync(join(test.dir, 'ready'), '');
    expect((await test.until('web', 'ready')).pid).toBe(pid);
    rmSync(join(test.dir, 'live'));
    await eventually(() => expect(readFileSync(join(test.dir, 'runs'), 'utf8')).toBe('run\nrun\n'));
    const causes = (await eventsOf(test.manager)).flatMap((e) =>
      'to' in e && e.to === 'stopping' ? [e.reason?.code] : [],
    );
    expect(causes).toEqual(['liveness-probe']);
  });

  it('a start-up probe holds back the others and its failure restarts', async () => {
    await using test = await testManager({
      processes: {
        slow: {
          command: 'sleep 0.3; touch up; exec sleep 1000',
          probes: {
            startup: { exec: 'test -e up', interval: 20 },
            liveness: { exec: 'test -e up', interval: 20, failureThreshold: 1 },
          },
        },
        stuck: {
          ...sleeper,
          restart: 'never',
          probes: { startup: { exec: 'false', interval: 20, failureThreshold: 3 } },
        },
      },
    });
    expect((await test.process('slow')).state).toBe('starting');
    expect(await test.until('slow', 'ready')).toMatchObject({ restarts: 0 });
    expect((await test.until('stuck', 'failed')).reason?.code).toBe('startup-probe');
  });

  it('http, tcp and log line', async () => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/ok' ? 204 : 503;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    try {
      await using test = await testManager({
        processes: {
          http: { ...sleeper, probes: { readiness: { http: { port, path: '/ok' }, interval: 20 } } },
          http503: { ...sleeper, probes: { readiness: { http: { port }, interval: 20 } } },
          tcp: { ...sleeper, probes: { readiness: { tcp: port, interval: 20 } } },
          closed: { ...sleeper, probes: { readiness: { tcp: 1, interval: 20 } } },
          log: {
            command: 'sleep 0.2; echo "now listening on 1"; exec sleep 1000',
            probes: { readiness: { log: /listening on \d/ } },
          },
        },
      });
      await test.manager.waitReady(['http', 'tcp', 'log']);
      await eventually(async () => {
        expect((await test.process('http503')).probes.readiness).toMatchObject({
          ok: false,
          message: 'HTTP 503',
        });
        expect((await test.process('closed')).probes.readiness?.message).toContain('ECONNREFUSED');
      });
      expect((await test.process('http503')).state).toBe('running');
    } finally {
      server.close();
    }
  });

  it('a check that hangs counts as failed at its timeout', async () => {
    await using test = await testManager({
      processes: {
        web: {
          ...sleeper,
          probes: { readiness: { exec: 'sleep 1000', timeout: 50, interval: 20, failureThreshold: 2 } },
        },
      },
    });
    await eventually(async () =>
      expect((await test.process('web')).probes.readiness).toMatchObject({
        ok: false,
        message: 'no answer within 50 ms',
      }),
    );
  });
});

describe('stopping', () => {
  it('stops dependants first and what is independent at the same time', async () => {
    const slowStop = (name: string): string =>
      `trap 'echo ${name} down >> order; exit 0' TERM; touch ${name}.up; while :; do sleep 0.02; done`;
    const probes = (name: string) => ({
      probes: { readiness: { exec: `test -e ${name}.up`, interval: 20 } },
    });
    await using test = await testManager({
      processes: {
        db: { command: slowStop('db'), ...probes('db') },
        web: { command: slowStop('web'), dependsOn: ['db'], ...probes('web') },
        proxy: { command: slowStop('proxy'), dependsOn: ['web'], ...probes('proxy') },
      },
    });
    await test.manager.waitReady();
    await Promise.all([test.manager.stop(), test.manager.ended]);
    expect(readFileSync(join(test.dir, 'order'), 'utf8')).toBe('proxy down\nweb down\ndb down\n');
  });

  it('sends the signal asked for, and kills at the timeout', async () => {
    await using test = await testManager({
      processes: {
        polite: {
          command: `trap 'touch got-int; exit 0' INT; : > armed-polite; while :; do sleep 0.02; done`,
          stopSignal: 'SIGINT',
        },
        deaf: { command: `trap '' TERM; : > armed-deaf; while :; do sleep 0.02; done`, stopTimeout: 100 },
      },
    });
    for (const name of ['polite', 'deaf'])
      await eventually(() => readFileSync(join(test.dir, `armed-${name}`)));
    await test.manager.processes.stop('polite');
    readFileSync(join(test.dir, 'got-int'));
    expect((await test.manager.processes.stop('deaf')).lastExit?.signal).toBe('SIGKILL');
  });

  it('trap 5: ends what has left its group by setsid at shutdown', async () => {
    await using test = await testManager({
      processes: { web: { command: 'setsid sleep 1000 & echo $! > escaped; wait' } },
    });
    const pid = await pidIn(join(test.dir, 'escaped'));
    await eventually(() => expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toBe('sleep\x001000\0'));
    await test.manager.stop();
    expect(isRunning(pid)).toBe(false);
  });
});

describe('schedules', () => {
  it('runs at its times, leaves a run that still goes on alone, and not when stopped', async () => {
    await using test = await testManager({
      processes: {
        job: { command: 'echo run >> runs', schedule: { cron: '* * * * * *', timeZone: 'Asia/Tokyo' } },
        long: {
          command: 'echo run >> long; exec sleep 1000',
          schedule: { cron: '* * * * * *', runOnStart: true },
        },
        off: { command: 'echo run >> off', schedule: { cron: '* * * * * *' }, autoStart: false },
      },
    });
    expect(await test.process('job')).toMatchObject({
      state: 'idle',
      desired: 'running',
      schedule: '* * * * * *',
    });
    expect((await test.process('job')).nextStartAt).not.toBeNull();
    expect((await test.manager.status()).ready).toBe(true);
    const runs = (): number => readFileSync(join(test.dir, 'runs'), 'utf8').split('\n').length - 1;
    await eventually(() => expect(runs()).toBeGreaterThanOrEqual(2), 5000);
    expect(readFileSync(join(test.dir, 'long'), 'utf8')).toBe('run\n');
    expect((await test.process('off')).state).toBe('idle');
    await test.manager.processes.stop('job');
    const before = runs();
    await sleep(1200);
    expect(runs()).toBe(before);
  });
});

describe('environment', () => {
  const show = (keys: string): string => `echo ${keys}; exec sleep 1000`;

  function replace(path: string, content: string): void {
    writeFileSync(`${path}.new`, content);
    renameSync(`${path}.new`, path);
  }

  it('restarts only running processes whose effective env changed, each after its own delay', async () => {
    await using test = await testManager({
      envFile: '.env',
      env: { BASE: 'base' },
      tasks: { once: { command: 'echo run >> once' } },
      processes: {
        quick: { command: show('$KEY $BASE'), envOptions: { reloadDelay: 100 } },
        slow: { command: show('$KEY'), envOptions: { reloadDelay: 600 } },
        never: { command: show('$KEY'), envOptions: { reloadDelay: false } },
        pinned: { command: show('$KEY'), env: { KEY: 'own' }, envOptions: { reloadDelay: true } },
        apart: { command: show('$KEY'), envOptions: { inheritGlobalEnv: false, reloadDelay: true } },
        stopped: { command: show('$KEY'), envOptions: { reloadDelay: true } },
      },
    });
    await test.manager.waitReady();
    await test.manager.processes.stop('stopped');
    replace(join(test.dir, '.env'), 'KEY=new\n');
    await eventually(() => expect(test.output('quick')).toEqual(['base', 'new base']));
    expect((await test.process('slow')).envReloadAt).not.toBeNull();
    expect(test.output('slow')).toEqual(['']);
    await eventually(() => expect(test.output('slow')).toEqual(['', 'new']));
    for (const name of ['never', 'pinned', 'apart']) expect((await test.process(name)).restarts).toBe(0);
    expect(await test.process('stopped')).toMatchObject({ state: 'stopped', restarts: 0 });
    expect(readFileSync(join(test.dir, 'once'), 'utf8')).toBe('run\n');
    const change = (await eventsOf(test.manager)).find(({ type }) => type === 'env.changed');
    expect(change).toMatchObject({
      added: ['KEY'],
      restarts: [
        { name: 'quick', inMs: 100 },
        { name: 'slow', inMs: 600 },
      ],
    });
    expect(JSON.stringify(await eventsOf(test.manager))).not.toContain('new base');
  });

  it('a removed key is gone for good, also from what starts later', async () => {
    await using test = await testManager({
      envFile: '.env',
      processes: { web: { command: show('"[$KEY]"'), envOptions: { reloadDelay: true } } },
    });
    replace(join(test.dir, '.env'), 'KEY=1\nOTHER=x\n');
    await eventually(() => expect(test.output('web').at(-1)).toBe('[1]'));
    replace(join(test.dir, '.env'), 'OTHER=x\n');
    await eventually(() => expect(test.output('web').at(-1)).toBe('[]'));
    const { env } = await test.manager.processes.get('web', { showSecrets: true });
    expect(env).not.toHaveProperty('KEY');
  });

  it('debounces, and does not restart at all when the change was taken back', async () => {
    await using test = await testManager({
      envFile: '.env',
      processes: { web: { command: show('$KEY'), envOptions: { reloadDelay: 400 } } },
    });
    const path = join(test.dir, '.env');
    await test.until('web', 'ready');
    for (const value of ['1', '2', '3']) {
      replace(path, `KEY=${value}\n`);
      await eventually(async () =>
        expect((await test.manager.processes.get('web', { showSecrets: true })).env.KEY).toBe(value),
      );
    }
    await eventually(() => expect(test.output('web')).toEqual(['', '3']));
    replace(path, 'KEY=4\n');
    await eventually(async () => expect((await test.process('web')).envReloadAt).not.toBeNull());
    replace(path, 'KEY=3\n');
    await eventually(async () => expect((await test.process('web')).envReloadAt).toBeNull());
    await sleep(500);
    expect((await test.process('web')).restarts).toBe(1);
  });

  it('a change that makes no difference to a process does not put its restart off', async () => {
    await using test = await testManager({
      envFile: '.env',
      processes: { web: { command: show('$KEY'), env: { OWN: '1' }, envOptions: { reloadDelay: 900 } } },
    });
    await test.until('web', 'ready');
    replace(join(test.dir, '.env'), 'KEY=1\n');
    const due = await eventually(async () => {
      const { envReloadAt } = await test.process('web');
      expect(envReloadAt).not.toBeNull();
      return envReloadAt;
    });
    replace(join(test.dir, '.env'), 'KEY=1\nOWN=2\n');
    await eventually(async () => {
      const changes = (await eventsOf(test.manager)).filter(({ type }) => type === 'env.changed');
      expect(changes).toHaveLength(2);
    });
    expect((await test.process('web')).envReloadAt).toBe(due);
    await eventually(() => expect(test.output('web')).toEqual(['', '1']));
  });

  it('has own files that belong to one process only', async () => {
    await using test = await testManager({
      processes: {
        a: { command: show('"[$A]"'), envOptions: { envFile: 'a.env', reloadDelay: true } },
        b: { command: show('"[$A]"'), envOptions: { reloadDelay: true } },
      },
    });
    await test.manager.waitReady();
    replace(join(test.dir, 'a.env'), 'A=secret\n');
    await eventually(() => expect(test.output('a')).toEqual(['[]', '[secret]']));
    expect((await test.process('b')).restarts).toBe(0);
  });

  it('trap 15: passes nothing of the manager on that was not asked for, and masks every value', async () => {
    await using test = await testManager(
      {
        processes: {
          all: { command: 'env; exec sleep 1000' },
          some: { command: 'env; exec sleep 1000', envOptions: { inheritProcessEnv: ['LISTED', 'PATH'] } },
          none: { command: 'env; exec sleep 1000', envOptions: { inheritProcessEnv: false } },
        },
      },
      {
        processEnv: {
          PATH: process.env.PATH,
          LISTED: 'listed',
          SECRET: 's3cret',
          PIDNAP_TOKEN: 'manager-token-manager-token',
        },
      },
    );
    await test.manager.waitReady();
    await eventually(() => {
      for (const name of ['all', 'some', 'none'])
        expect(test.output(name).join('\n')).toContain('PIDNAP_NAME=');
    });
    const has = (name: string, text: string): boolean => test.output(name).join('\n').includes(text);
    expect(['all', 'some', 'none'].map((name) => has(name, 'SECRET=s3cret'))).toEqual([true, false, false]);
    expect(['all', 'some', 'none'].map((name) => has(name, 'LISTED=listed'))).toEqual([true, true, false]);
    expect(['all', 'some', 'none'].map((name) => has(name, 'manager-token'))).toEqual([false, false, false]);
    const { env } = await test.manager.processes.get('all');
    expect(env.SECRET).toBe('***');
    expect(new Set(Object.values(env))).toEqual(new Set(['***']));
  });

  it('keeps the last good values of a file that becomes invalid, and says so', async () => {
    await using test = await testManager({
      envFile: '.env',
      processes: { web: { command: show('$KEY'), envOptions: { reloadDelay: true } } },
    });
    replace(join(test.dir, '.env'), 'KEY=good\n');
    await eventually(() => expect(test.output('web').at(-1)).toBe('good'));
    replace(join(test.dir, '.env'), 'KEY="unterminated secret\n');
    await eventually(async () =>
      expect((await eventsOf(test.manager)).map(({ type }) => type)).toContain('env.error'),
    );
    expect(JSON.stringify(await eventsOf(test.manager))).not.toContain('unterminated secret');
    expect((await test.manager.processes.get('web', { showSecrets: true })).env.KEY).toBe('good');
  });
});
