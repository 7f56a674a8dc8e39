import { spawn } from 'node:child_process';
import type { DriverProcess, SpawnOptions } from '../src/driver.js';
import { exitStatus } from '../src/exit-status.js';

/** Runs commands on this machine in place of a sandbox, and counts them. */
export class Here {
  started = 0;
  ended = 0;

  async spawn(argv: readonly string[], { signal }: SpawnOptions): Promise<DriverProcess> {
    const [program = '', ...args] = argv;
    const child = spawn(program, args, { signal, stdio: ['ignore', 'pipe', 'pipe'] });
    child.on('error', () => undefined);
    this.started += 1;
    const exit = new Promise<ReturnType<typeof exitStatus>>((resolve) => {
      child.on('close', (code) => {
        this.ended += 1;
        resolve(exitStatus(code ?? 143));
      });
    });
    return { stdout: child.stdout, stderr: child.stderr, exit, kill: async (name) => void child.kill(name) };
  }
}
