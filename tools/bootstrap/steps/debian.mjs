import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runCommand } from '../run-command.mjs';

/** @type {Promise<unknown>} */
let queue = Promise.resolve();

/** Whether this process may install Debian packages: root on a machine with apt. */
export function canInstallPackages() {
  return process.platform === 'linux' && process.getuid?.() === 0 && onPath('apt-get') !== undefined;
}

/**
 * @param {string} program
 * @returns {string | undefined} The first match on PATH.
 */
export function onPath(program) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((dir) => join(dir, program))
    .find((file) => existsSync(file));
}

/**
 * Installs packages with apt-get. Calls wait for each other and for other apt processes, which hold a lock.
 *
 * @param {string[]} packages
 * @param {(detail: string) => void} report
 */
export function installPackages(packages, report) {
  const mine = queue.then(async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const wait = ['-o', 'DPkg::Lock::Timeout=300'];
    report('apt-get update');
    await runCommand('apt-get', [...wait, 'update', '-qq'], { env, onLine: report });
    report(`apt-get install ${packages.join(' ')}`);
    await runCommand('apt-get', [...wait, 'install', '-y', '-qq', '--no-install-recommends', ...packages], {
      env,
      onLine: report,
    });
  });
  queue = mine.catch(() => undefined);
  return mine;
}
