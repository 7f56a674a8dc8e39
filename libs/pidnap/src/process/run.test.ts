import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { eventually, isRunning, pidIn, processState, tempDir } from '../../test/test-manager.js';
import type { ExitInfo } from '../protocol/info.js';
import { Run, type RunOptions } from './run.js';

interface Started {
  readonly run: Run;
  readonly ended: Promise<ExitInfo>;
}

function start(command: string | [string, ...string[]], options: Partial<RunOptions> = {}): Started {
  let end: (exit: ExitInfo) => void = () => {};
  const ended = new Promise<ExitInfo>((resolve) => {
    end = resolve;
  });
  const run = new Run({
    argv: typeof command === 'string' ? ['/bin/sh', '-c', command] : command,
    cwd: '/',
    env: { PATH: process.env.PATH ?? '' },
    user: null,
    stdio: ['ignore', 'ignore'],
    onEnd: end,
    onWarning: (message) => expect.unreachable(message),
    ...options,
  });
  return { run, ended };
}

describe('Run', () => {
  it('reports exit codes and signals', async () => {
    expect(await start('exit 7').ended).toMatchObject({ code: 7, signal: null });
    expect(await start('kill -SEGV $$').ended).toMatchObject({ code: null, signal: 'SIGSEGV' });
  });

  it('trap 4: a member that ignores the stop signal is killed, though the leader left at once', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'pid');
    const { run, ended } = start(
      `(trap '' TERM; echo $$ >/dev/null; sh -c 'echo $PPID' > ${file}; while :; do sleep 0.05; done) & wait`,
    );
    const member = await pidIn(file);
    run.stop('SIGTERM', 200);
    await ended;
    expect(isRunning(member)).toBe(false);
  });

  it('waits for a member that ends in its own time within the stop timeout', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'done');
    const armed = join(dir.path, 'armed');
    const { run, ended } = start(
      `(trap 'sleep 0.2; echo 1 > ${file}; exit' TERM; : > ${armed}; while :; do sleep 0.05; done) & wait`,
    );
    await eventually(() => readFileSync(armed));
    run.stop('SIGTERM', 5000);
    await ended;
    expect(readFileSync(file, 'utf8')).toBe('1\n');
  });

  it('kills what a leader leaves behind when it dies unasked, and only then ends', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'pid');
    const { ended } = start(`sleep 1000 & echo $! > ${file}; exit 1`);
    expect(await ended).toMatchObject({ code: 1 });
    expect(isRunning(await pidIn(file))).toBe(false);
  });

  it('trap 6: a grandchild in another session that holds stdout does not delay the end', async () => {
    const { ended } = start('setsid sleep 3 & exit 0');
    expect((await ended).uptimeMs).toBeLessThan(2000);
  });

  it('ends a stopped (SIGSTOP) child with its stop signal', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'trapped');
    const { run, ended } = start(
      `trap 'echo 1 > ${file}; exit 0' TERM; kill -STOP $$; while :; do sleep 0.05; done`,
    );
    await eventually(() => expect(processState(run.pid ?? 0)).toBe('T'));
    run.stop('SIGTERM', 5000);
    expect(await ended).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).toBe('1\n');
  });

  it.each([
    ['trap 11: a command that does not exist', ['/does/not/exist'], {}, 'command not found: /does/not/exist'],
    [
      'trap 11: a directory that does not exist',
      ['/bin/true'],
      { cwd: '/does/not' },
      'working directory does not exist: /does/not',
    ],
    [
      'trap 11: a file that may not be executed',
      ['/etc/passwd'],
      {},
      'not permitted to execute /etc/passwd in /',
    ],
    [
      'trap 11: too long a list of arguments',
      ['/bin/true', 'x'.repeat(3_000_000)],
      {},
      'arguments and environment are larger than the system allows',
    ],
  ] as const)('%s is an end with a reason', async (_, argv, options, error) => {
    const { run, ended } = start([...argv] as [string, ...string[]], options);
    expect(run.pid).toBeNull();
    expect(await ended).toMatchObject({ code: null, signal: null, error });
    run.stop('SIGTERM', 10);
    run.kill();
  });

  it('trap 15: sends nothing to a group that is gone, as its id may belong to somebody else by now', async () => {
    const { run, ended } = start('exit 0');
    await ended;
    const kill = vi.spyOn(process, 'kill');
    run.stop('SIGTERM', 1);
    run.kill();
    await sleep(20);
    expect(kill).not.toHaveBeenCalled();
    kill.mockRestore();
  });

  it.skipIf(process.getuid?.() !== 0)(
    'trap 15: a signal the kernel refuses is not taken for success',
    async () => {
      using dir = tempDir();
      const script = join(dir.path, 'refused.mjs');
      const module = new URL('./process-group.ts', import.meta.url).href;
      // Nobody may signal process 1; Node 20 needs jiti for the module.
      writeFileSync(
        script,
        `import { createJiti } from ${JSON.stringify(import.meta.resolve('jiti'))};
       const { signalGroup } = await createJiti(import.meta.url).import(${JSON.stringify(fileURLToPath(module))});
       process.setgid(65534); process.setuid(65534);
       try { signalGroup(Number(process.argv[2]), 'SIGTERM'); console.log('sent'); } catch (error) { console.log(error.code); }`,
      );
      const { run, ended } = start(['sleep', '1000']);
      const output = execFileSync(process.execPath, [script, String(run.pid)], { encoding: 'utf8' });
      expect(output).toBe('EPERM\n');
      run.kill();
      await ended;
    },
  );

  it.skipIf(process.getuid?.() !== 0)('runs as another user', async () => {
    const { ended } = start('test "$(id -u):$(id -g)" = 65534:65534', { user: { uid: 65534, gid: 65534 } });
    expect(await ended).toMatchObject({ code: 0 });
  });
});
