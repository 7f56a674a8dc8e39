import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { exitStatus } from '../engine/exit-status.js';

/** Sent on to the manager that runs below. */
const forwarded: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];

/**
 * Node never collects orphans that PID 1 inherits, so as PID 1 the manager puts an init above itself: it
 * becomes tini where Node can replace its process, and otherwise runs itself below a tini that adopts the
 * orphans in its place.
 *
 * @returns the exit code of the manager that ran below, `undefined` when the caller is to be the manager
 */
export async function becomePidOne(): Promise<number | undefined> {
  if (process.pid !== 1) return undefined;
  const tini = findProgram('tini');
  if (tini === undefined) {
    process.stderr.write(
      'pidnap: running as PID 1 without tini on the PATH: orphans of services stay as zombies. ' +
        'Install tini, or run the container with --init.\n',
    );
    return undefined;
  }
  const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  if (typeof process.execve === 'function') process.execve(tini, ['tini', '--', ...self], process.env);
  return runBelow(tini, ['-s', '--', ...self]);
}

function runBelow(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit' });
    for (const signal of forwarded) process.on(signal, () => child.kill(signal));
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(exitStatus({ code, signal, at: '', uptimeMs: 0 })));
  });
}

function findProgram(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
