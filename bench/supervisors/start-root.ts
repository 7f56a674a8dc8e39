import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

/** The first process of a supervisor. */
export interface RootProcess {
  readonly pid: number;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a supervisor in its own session, its output going to `output` in `directory`. */
export function startRoot(
  command: string,
  args: readonly string[],
  options: { readonly directory: string; readonly env?: NodeJS.ProcessEnv },
): RootProcess {
  const output = openSync(join(options.directory, 'output'), 'a');
  const child = spawn(command, args, {
    cwd: options.directory,
    env: options.env ?? process.env,
    stdio: ['ignore', output, output],
    detached: true,
  });
  closeSync(output);
  const ended = once(child, 'exit');
  if (child.pid === undefined) throw new Error(`cannot start ${command}`);
  return {
    pid: child.pid,
    async end(signal) {
      child.kill(signal);
      await ended;
    },
  };
}
