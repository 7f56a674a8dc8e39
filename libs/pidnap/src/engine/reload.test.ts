import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  collect,
  eventually,
  isRunning,
  type TestManager,
  tempDir,
  testManagerFrom,
} from '../../test/test-manager.js';
import type { PidnapConfig } from '../config/config.js';

const sleeper = (seconds = 1000): { command: [string, ...string[]] } => ({
  command: ['sleep', String(seconds)],
});
const base = { http: false, logDir: 'logs' } as const;

function write(dir: string, config: PidnapConfig): void {
  writeFileSync(join(dir, 'pidnap.config.json'), JSON.stringify({ ...base, ...config }));
}

async function start(config: PidnapConfig): Promise<TestManager> {
  const dir = tempDir();
  write(dir.path, config);
  return testManagerFrom(dir);
}

describe('reload', () => {
  it('touches only what changed', async () => {
    await using test = await start({
      env: { A: '1' },
      processes: {
        same: sleeper(),
        changed: sleeper(),
        gone: sleeper(),
        tuned: sleeper(),
        envy: { ...sleeper(), env: { X: '1' } },
        stopped: sleeper(),
      },
    });
    const pids = new Map((await test.manager.processes.list()).map(({ name, pid }) => [name, pid]));
    await test.manager.processes.stop('stopped');
    write(test.dir, {
      env: { A: '1' },
      processes: {
        same: sleeper(),
        changed: sleeper(2000),
        tuned: { ...sleeper(), restart: 'on-failure', stopTimeout: 50 },
        envy: { ...sleeper(), env: { X: '2' } },
        stopped: sleeper(2000),
        added: sleeper(),
      },
    });
    expect(await test.manager.reload()).toEqual({
      added: ['added'],
      removed: ['gone'],
      restarted: ['changed', 'envy'],
      updated: ['stopped', 'tuned'],
      unchanged: ['same'],
    });
    await test.until('envy', 'ready');
    const after = new Map((await test.manager.processes.list()).map(({ name, pid }) => [name, pid]));
    expect([...after.keys()]).toEqual(['same', 'changed', 'tuned', 'envy', 'stopped', 'added']);
    for (const name of ['same', 'tuned']) expect(after.get(name)).toBe(pids.get(name));
    for (const name of ['changed', 'envy']) expect(after.get(name)).not.toBe(pids.get(name));
    expect(isRunning(pids.get('gone') ?? 0)).toBe(false);
    expect(after.get('stopped')).toBeNull();
    expect(after.get('added')).not.toBeNull();
    expect((await test.process('tuned')).restart).toBe('on-failure');
    await expect(test.process('gone')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('no longer watches the env file of a process that is gone', async () => {
    const own = { ...sleeper(), envOptions: { envFile: 'own.env' } };
    await using test = await start({ processes: { gone: own, kept: own } });
    write(test.dir, { processes: { kept: own } });
    await test.manager.reload();
    const { cursor } = await test.manager.status();
    writeFileSync(join(test.dir, 'own.env'), 'A=1\n');
    const owners = async () => {
      const changed: Array<string | null> = [];
      for await (const event of test.manager.events({ cursor, follow: false }))
        if (event.type === 'env.changed') changed.push(event.name);
      return changed;
    };
    await eventually(async () => expect(await owners()).toContain('kept'));
    // Both would have seen the same rename: the other one has had its time, too.
    await sleep(300);
    expect(await owners()).toEqual(['kept']);
  });

  it('is refused whole when the new configuration is invalid', async () => {
    await using test = await start({ processes: { web: sleeper() } });
    const { pid } = await test.process('web');
    write(test.dir, { processes: { web: sleeper(5), other: { ...sleeper(), dependsOn: ['nobody'] } } });
    await expect(test.manager.reload()).rejects.toMatchObject({
      code: 'config-invalid',
      details: {
        issues: [{ path: 'processes.other.dependsOn', message: 'there is no task or process "nobody"' }],
      },
    });
    writeFileSync(join(test.dir, 'pidnap.config.json'), '{ half');
    await expect(test.manager.reload()).rejects.toMatchObject({ code: 'config-invalid' });
    expect((await test.manager.processes.list()).map((process) => process.pid)).toEqual([pid]);
  });

  it('refuses to change what only a new manager can take on', async () => {
    await using test = await start({ processes: { web: sleeper() } });
    write(test.dir, { logDir: 'elsewhere', processes: { web: sleeper(5) } });
    await expect(test.manager.reload()).rejects.toMatchObject({
      code: 'conflict',
      details: { settings: ['logDir'] },
    });
    expect((await test.process('web')).command).toEqual(['sleep', '1000']);
  });

  it('does not run a finished task again, unless its definition changed', async () => {
    const count = { command: 'echo run >> count' };
    await using test = await start({ tasks: { count }, processes: { web: sleeper() } });
    await test.manager.waitReady();
    write(test.dir, { tasks: { count }, processes: { web: sleeper(5) } });
    expect((await test.manager.reload()).unchanged).toEqual(['count']);
    write(test.dir, { tasks: { count: { command: 'echo other >> count' } }, processes: { web: sleeper(5) } });
    expect((await test.manager.reload()).restarted).toEqual(['count']);
    await test.manager.waitReady();
    expect(readFileSync(join(test.dir, 'count'), 'utf8')).toBe('run\nother\n');
  });

  it('unblocks what waited for a task that was wrong', async () => {
    await using test = await start({
      tasks: { prepare: { command: 'exit 1' } },
      processes: { web: { ...sleeper(), dependsOn: ['prepare'] } },
    });
    await test.until('web', 'failed');
    write(test.dir, {
      tasks: { prepare: { command: 'exit 0' } },
      processes: { web: { ...sleeper(), dependsOn: ['prepare'] } },
    });
    await test.manager.reload();
    await test.until('web', 'ready');
  });

  it('watches env files that came with it', async () => {
    await using test = await start({ processes: { web: sleeper() } });
    write(test.dir, {
      envFile: '.env',
      processes: { web: { ...sleeper(), envOptions: { reloadDelay: true } } },
    });
    await test.manager.reload();
    writeFileSync(join(test.dir, '.env'), 'KEY=1\n');
    await eventually(async () => expect((await test.process('web')).restarts).toBe(1));
  });

  it('what is asked for during a reload is done to what the reload leaves', async () => {
    const stubborn = (seconds: number) => ({
      command: `trap '' TERM; echo $$ >> pids; while :; do sleep ${seconds}; done`,
      stopTimeout: 200,
    });
    const names = ['started', 'stopped', 'restarted'];
    const config = (seconds: number) => ({
      processes: Object.fromEntries(names.map((name) => [name, stubborn(seconds)])),
    });
    await using test = await start(config(0.01));
    await eventually(() => expect(pidsIn(test.dir)).toHaveLength(3));
    write(test.dir, config(0.02));
    const { processes } = test.manager;
    const reload = test.manager.reload();
    await test.until('started', 'stopping');
    await Promise.all([
      reload,
      processes.start('started'),
      processes.stop('stopped'),
      processes.restart('restarted'),
    ]);
    const wanted = (await processes.list()).flatMap(({ pid }) => pid ?? []);
    expect((await processes.get('stopped')).state).toBe('stopped');
    expect(wanted).toHaveLength(2);
    await eventually(() => expect(pidsIn(test.dir).filter(isRunning).sort()).toEqual(wanted.sort()));
  });

  it('a stopped process stays stopped, not idle, when its definition changes', async () => {
    const stubborn = { command: `trap '' TERM; while :; do sleep 0.01; done`, stopTimeout: 200 };
    await using test = await start({
      processes: { web: sleeper(), slow: stubborn, never: { ...sleeper(), autoStart: false } },
    });
    await test.manager.processes.stop('web');
    const stopping = test.manager.processes.stop('slow');
    await test.until('slow', 'stopping');
    write(test.dir, {
      processes: {
        web: sleeper(2000),
        slow: { ...stubborn, command: `${stubborn.command} # changed` },
        never: { ...sleeper(2000), autoStart: false },
      },
    });
    expect((await test.manager.reload()).updated).toEqual(['web', 'slow', 'never']);
    await stopping;
    expect(await test.process('web')).toMatchObject({ state: 'stopped', desired: 'stopped' });
    expect(await test.process('slow')).toMatchObject({ state: 'stopped', desired: 'stopped', pid: null });
    expect(await test.process('never')).toMatchObject({ state: 'idle', desired: 'stopped' });
  });

  it('a log that is followed goes on over the reload, with services that came with it', async () => {
    const say = (word: string) => ({ command: `echo ${word}; exec sleep 1000` });
    await using test = await start({ processes: { web: say('old') } });
    const stop = new AbortController();
    const lines = collect(test.manager.logs([], { follow: true, signal: stop.signal }));
    await eventually(() => expect(test.output('web')).toEqual(['old']));
    write(test.dir, { processes: { web: say('new'), extra: say('extra') } });
    await test.manager.reload();
    await eventually(() => expect(test.output('extra')).toEqual(['extra']));
    await eventually(() => expect(test.output('web')).toEqual(['old', 'new']));
    stop.abort();
    expect((await lines).sort()).toEqual(['extra', 'new', 'old']);
  });

  it('takes several at once one after the other', async () => {
    await using test = await start({ processes: { web: sleeper() } });
    write(test.dir, { processes: { web: sleeper(5), b: sleeper() } });
    const results = await Promise.all([test.manager.reload(), test.manager.reload()]);
    expect(results.map(({ added }) => added)).toEqual([['b'], []]);
  });
});

/** What the services wrote of themselves. */
function pidsIn(dir: string): number[] {
  return readFileSync(join(dir, 'pids'), 'utf8').split('\n').filter(Boolean).map(Number);
}
