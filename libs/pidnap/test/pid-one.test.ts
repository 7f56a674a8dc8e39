import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PidnapConfig } from '../src/config/config.js';
import { cli } from './built-cli.js';
import { eventually, tempDir } from './test-manager.js';

/** A PID namespace of our own needs root and a kernel that allows it. */
function canUnshare(): boolean {
  try {
    execFileSync('unshare', ['--pid', '--fork', '--mount-proc', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

interface Container {
  /** The first process of the namespace, as seen from here. */
  readonly init: number;
  readonly exit: Promise<number | null>;
  /** State letters of all processes in the namespace. */
  states(): string[];
}

const stat = (pid: number | string): string[] => {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
};

async function contain(dir: string, config: PidnapConfig): Promise<Container> {
  writeFileSync(join(dir, 'pidnap.config.json'), JSON.stringify({ http: false, logDir: 'logs', ...config }));
  const child = spawn('unshare', ['--pid', '--fork', '--mount-proc', process.execPath, cli, 'init'], {
    cwd: dir,
    stdio: 'ignore',
  });
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const init = await eventually(() => {
    const pid = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim());
    expect(pid).toBeGreaterThan(0);
    return pid;
  });
  const namespace = (pid: string): string =>
    execFileSync('readlink', [`/proc/${pid}/ns/pid`], { encoding: 'utf8' });
  const own = namespace(String(init));
  return {
    init,
    exit,
    states: () =>
      readdirSync('/proc')
        .filter((entry) => /^\d+$/.test(entry))
        .flatMap((pid) => {
          try {
            return namespace(pid) === own ? [stat(pid)[0] ?? ''] : [];
          } catch {
            return [];
          }
        }),
  };
}

describe.skipIf(!canUnshare())('as PID 1', () => {
  it('trap 1: leaves no zombie of the orphans it inherits', async () => {
    using dir = tempDir();
    const container = await contain(dir.path, {
      processes: {
        web: {
          command: 'for i in 1 2 3 4 5 6 7 8 9 10; do (setsid sleep 0.1 &) ; done; touch up; exec sleep 1000',
        },
      },
    });
    await eventually(() => readFileSync(join(dir.path, 'up')));
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(container.states().filter((state) => state === 'Z')).toEqual([]);
    process.kill(container.init, 'SIGTERM');
    expect(await container.exit).toBe(0);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('trap 2: %s ends it in order, with exit code 0', async (signal) => {
    using dir = tempDir();
    const container = await contain(dir.path, {
      processes: {
        web: { command: `trap 'touch ended; exit 0' TERM; touch up; while :; do sleep 0.02; done` },
      },
    });
    await eventually(() => readFileSync(join(dir.path, 'up')));
    process.kill(container.init, signal);
    expect(await container.exit).toBe(0);
    readFileSync(join(dir.path, 'ended'));
  });

  it('trap 3: a group of which only zombies are left counts as gone', async () => {
    using dir = tempDir();
    const container = await contain(dir.path, {
      processes: {
        // The members become orphans of PID 1 and die there.
        web: { command: `(trap '' TERM; sleep 1000) & (sleep 1000 &) ; touch up; wait`, stopTimeout: 100 },
      },
    });
    await eventually(() => readFileSync(join(dir.path, 'up')));
    const begin = performance.now();
    process.kill(container.init, 'SIGTERM');
    expect(await container.exit).toBe(0);
    expect(performance.now() - begin).toBeLessThan(4000);
  });

  it('passes on the exit code of a critical service', async () => {
    using dir = tempDir();
    const container = await contain(dir.path, {
      processes: { main: { command: 'sleep 0.3; exit 42', restart: 'never', critical: true } },
    });
    expect(await container.exit).toBe(42);
  });
});
