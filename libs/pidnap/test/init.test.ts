import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ProcessInfo } from '../src/protocol/info.js';
import { cli, initManager, runCli } from './built-cli.js';
import { eventually, isRunning, pidIn, tempDir } from './test-manager.js';

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number).filter(Boolean);

describe('pidnap init', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends all services in order, with exit code 0',
    async (signal) => {
      using dir = tempDir();
      await using manager = await initManager(dir.path, {
        processes: {
          web: {
            // A shell may report the end of its sleep after its own last word.
            command: `exec 2>/dev/null; trap 'sleep 0.1; echo bye; exit 0' TERM; echo $$ > pid; while :; do sleep 0.02; done`,
          },
        },
      });
      const pid = await pidIn(join(dir.path, 'pid'));
      manager.running.child.kill(signal);
      expect(await manager.running.finished).toMatchObject({ code: 0 });
      expect(isRunning(pid)).toBe(false);
      expect(readFileSync(join(dir.path, 'logs/process/web.log'), 'utf8')).toMatch(/stdout F bye\n$/);
      expect(readFileSync(join(dir.path, 'logs/pidnap.log'), 'utf8')).toMatch(
        /manager ended with exit code 0\n$/,
      );
    },
  );

  it('a second signal does not wait for a stubborn service', async () => {
    using dir = tempDir();
    await using manager = await initManager(dir.path, {
      processes: {
        deaf: { command: `trap '' TERM; echo $$ > pid; while :; do sleep 0.02; done`, stopTimeout: 60_000 },
      },
    });
    const pid = await pidIn(join(dir.path, 'pid'));
    manager.running.child.kill('SIGTERM');
    await eventually(() => expect(manager.running.stdout()).toContain('deaf: ready → stopping'));
    manager.running.child.kill('SIGTERM');
    expect(await manager.running.finished).toMatchObject({ code: 0 });
    expect(isRunning(pid)).toBe(false);
  });

  it('ends with the exit code of a critical service', async () => {
    using dir = tempDir();
    await using manager = await initManager(dir.path, {
      http: false,
      processes: { main: { command: 'exit 9', restart: 'never', critical: true } },
    });
    expect((await manager.running.finished).code).toBe(9);
  });

  it('a configuration that is wrong ends it with exit code 2 before anything runs', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'pidnap.config.json');
    writeFileSync(
      file,
      JSON.stringify({
        tasks: { a: { command: 'touch ran' } },
        processes: { web: { command: 'x', dependsOn: ['b'] } },
      }),
    );
    expect(await runCli(['init', '-c', file])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('processes.web.dependsOn'),
    });
    expect(() => readFileSync(join(dir.path, 'ran'))).toThrow();
  });

  it('--json-logs prints every line as JSON, --logs with its name, --quiet nothing', async () => {
    using dir = tempDir();
    const config = {
      http: false,
      processes: { web: { command: 'echo hello; echo oops >&2; exec sleep 1000' } },
    } as const;
    {
      await using manager = await initManager(dir.path, config, ['--json-logs']);
      await eventually(() => expect(manager.running.stdout()).toContain('oops'));
      const lines = manager.running
        .stdout()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines).toContainEqual(
        expect.objectContaining({ name: 'web', kind: 'process', stream: 'stdout', text: 'hello' }),
      );
      expect(lines).toContainEqual(expect.objectContaining({ name: 'web', stream: 'stderr', text: 'oops' }));
      expect(lines).toContainEqual(expect.objectContaining({ name: 'pidnap', kind: 'manager' }));
    }
    {
      await using manager = await initManager(dir.path, config, ['--logs']);
      await eventually(() => expect(manager.running.stdout()).toMatch(/^web {4}\| hello$/m));
    }
    await using manager = await initManager(dir.path, config, ['--quiet']);
    await eventually(() =>
      expect(readFileSync(join(dir.path, 'logs/pidnap.log'), 'utf8').match(/all ready/g)).toHaveLength(3),
    );
    expect(manager.running.stdout()).toBe('');
  });

  it('trap 10: goes on when the reader of its output goes away', async () => {
    using dir = tempDir();
    await using manager = await initManager(
      dir.path,
      { processes: { web: { command: 'while :; do echo x; sleep 0.01; done' } } },
      ['--logs'],
    );
    await eventually(() => expect(manager.running.stdout()).toContain('x'));
    manager.running.child.stdout?.destroy();
    manager.running.child.stderr?.destroy();
    await sleep(200);
    expect((await manager.cli('processes', 'restart', 'web')).code).toBe(0);
  });

  it('a collector that does not read never blocks the manager or its services', async () => {
    using dir = tempDir();
    writeFileSync(
      join(dir.path, 'pidnap.config.json'),
      JSON.stringify({
        http: { socket: 'api' },
        logDir: 'logs',
        processes: { flood: { command: 'seq 1 50000; touch done; exec sleep 1000' } },
      }),
    );
    const child = spawn(process.execPath, [cli, 'init', '--json-logs'], {
      cwd: dir.path,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      await eventually(() => readFileSync(join(dir.path, 'done')), 10_000);
      expect(child.stdout.readableFlowing).toBeNull();
    } finally {
      child.kill('SIGTERM');
      child.stdout.resume();
      await once(child, 'exit');
    }
  });
});

describe('death of the manager', () => {
  it('trap 12: SIGKILL leaves no service, no member of its group and no setsid escapee', async () => {
    using dir = tempDir();
    await using manager = await initManager(dir.path, {
      processes: {
        group: {
          command: `sh -c "trap '' TERM HUP; echo \\$\\$ > member; while :; do sleep 0.05; done" & echo $$ > leader; wait`,
        },
        escape: { command: 'setsid sleep 1000 & echo $! > escaped; wait' },
        bare: { command: ['env', '-i', 'sleep', '1000'] },
      },
    });
    const pids = await Promise.all(
      ['member', 'leader', 'escaped'].map((name) => pidIn(join(dir.path, name))),
    );
    const list = JSON.parse((await manager.cli('processes', 'list', '--json')).stdout) as ProcessInfo[];
    // Its environment says nothing of us any more; its process group does.
    pids.push(list.find(({ name }) => name === 'bare')?.pid ?? 0);
    // The manager's own helpers: its guard, and the shell that waits to become the next child.
    const helpers = await eventually(() => {
      const found = childrenOf(manager.running.pid).filter((pid) =>
        /pidnap-guard|pidnap-spare/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8')),
      );
      expect(found).toHaveLength(2);
      return found;
    });
    expect(pids.filter(isRunning)).toHaveLength(4);
    manager.running.child.kill('SIGKILL');
    await eventually(() => expect(pids.filter(isRunning)).toEqual([]));
    await eventually(() => expect(helpers.filter(isRunning)).toEqual([]));
  });

  it('a guard that was killed is replaced and knows the services', async () => {
    using dir = tempDir();
    await using manager = await initManager(dir.path, {
      processes: { bare: { command: ['env', '-i', 'sh', '-c', 'echo $$ > pid; exec sleep 1000'] } },
    });
    const pid = await pidIn(join(dir.path, 'pid'));
    const guards = (): number[] =>
      childrenOf(manager.running.pid).filter((child) =>
        readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('pidnap-guard'),
      );
    const [first = 0] = guards();
    process.kill(first, 'SIGKILL');
    await eventually(() => {
      const [next] = guards();
      expect(next).toBeGreaterThan(0);
      expect(next).not.toBe(first);
    });
    manager.running.child.kill('SIGKILL');
    await eventually(() => expect(isRunning(pid)).toBe(false));
  });
});
