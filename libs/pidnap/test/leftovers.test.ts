import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type InitManager, initManager } from './built-cli.js';
import { eventually, isRunning, tempDir } from './test-manager.js';

const children = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

const isGuard = (pid: number): boolean =>
  readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('pidnap-guard');

const pidIn = (path: string): Promise<number> =>
  eventually(() => {
    const pid = Number(readFileSync(path, 'utf8'));
    expect(pid).toBeGreaterThan(0);
    return pid;
  });

/** Neither gets to act on the death of the other. */
async function killWithGuard({ running }: InitManager): Promise<void> {
  const guard = children(running.pid).find(isGuard);
  if (guard === undefined) throw new Error('the manager has no guard');
  running.child.kill('SIGSTOP');
  process.kill(guard, 'SIGKILL');
  running.child.kill('SIGKILL');
  await running.finished;
}

const config = (file: string) => ({
  processes: {
    web: { command: `echo $$ > ${file}; trap '' TERM; while :; do sleep 0.05; done`, stopTimeout: 100 },
  },
});

describe('what a killed manager and its killed guard have left', () => {
  it('is ended by the next manager with the same log directory, and nothing else is', async () => {
    using dir = tempDir();
    const first = await initManager(dir.path, config('first'));
    const left = await pidIn(join(dir.path, 'first'));
    const [instance] = readdirSync(join(dir.path, 'logs/.instances'));
    await killWithGuard(first);
    expect(isRunning(left)).toBe(true);
    const stranger = spawn('sleep', ['60'], { env: { ...process.env, PIDNAP_INSTANCE: `${instance}0` } });
    try {
      await using second = await initManager(dir.path, config('second'));
      const successor = await pidIn(join(dir.path, 'second'));
      expect(isRunning(left)).toBe(false);
      expect(isRunning(successor)).toBe(true);
      expect(isRunning(stranger.pid ?? 0)).toBe(true);
      expect(second.running.stdout()).toMatch(new RegExp(`that a killed manager had left: .*\\b${left}\\b`));
      expect(readdirSync(join(dir.path, 'logs/.instances'))).toHaveLength(1);
    } finally {
      stranger.kill('SIGKILL');
    }
    expect(readdirSync(join(dir.path, 'logs/.instances'))).toEqual([]);
  });

  it('does not mean the services of a manager that lives', async () => {
    using dir = tempDir();
    await using _first = await initManager(dir.path, config('first'));
    const service = await pidIn(join(dir.path, 'first'));
    {
      await using _second = await initManager(dir.path, { ...config('second'), http: { socket: 'other' } });
      await pidIn(join(dir.path, 'second'));
      expect(isRunning(service)).toBe(true);
    }
    expect(isRunning(service)).toBe(true);
    expect(existsSync(join(dir.path, 'logs/.instances'))).toBe(true);
    expect(readdirSync(join(dir.path, 'logs/.instances'))).toHaveLength(1);
  });
});
