import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { runCommand } from '../run-command.mjs';
import { StepError } from '../step-error.mjs';

const run = promisify(execFile);

/**
 * Finds or installs pnpm at the version that `packageManager` pins and puts it first on PATH.
 * One copy per version lives in the user's cache; where no pnpm is on PATH and the global npm prefix
 * is writable, it is installed there too, so that `pnpm …` works in the user's shell afterwards.
 *
 * @param {{ root: string, report: (detail: string) => void }} context
 * @returns {Promise<string>} A note for the display.
 */
export async function ensurePnpm({ root, report }) {
  const version = pinnedVersion(root);
  const onPath = await versionOnPath();
  if (onPath === version) return version;
  const prefix = join(
    process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
    'iterate-sandbox',
    `pnpm-${version}`,
  );
  const bin = join(prefix, 'node_modules', '.bin');
  if (!existsSync(join(bin, 'pnpm'))) {
    report(`installing pnpm ${version}`);
    await npmInstall(['--prefix', prefix, `pnpm@${version}`]);
  }
  process.env.PATH = `${bin}${delimiter}${process.env.PATH}`;
  if (onPath !== undefined) return `${version}, beside ${onPath} on PATH`;
  try {
    await npmInstall(['--global', `pnpm@${version}`]);
    return `${version}, installed`;
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    return `${version} in ${prefix}; not on your PATH: use "npm run sandbox --" instead of "pnpm sandbox"`;
  }
}

/**
 * @param {string} root
 * @returns {string} Such as `10.34.9`.
 */
function pinnedVersion(root) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return packageManager.slice(packageManager.indexOf('@') + 1).split('+')[0];
}

/** @returns {Promise<string | undefined>} */
async function versionOnPath() {
  try {
    // Outside the checkout: inside it, pnpm would switch itself to the pinned version first.
    const { stdout } = await run('pnpm', ['--version'], { cwd: homedir() });
    return stdout.trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new StepError('The pnpm on PATH does not run', {
      wayOut: 'Repair or remove it: "pnpm --version" must print a version.',
      cause: error,
    });
  }
}

/** @param {string[]} args */
function npmInstall(args) {
  return runCommand('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...args], {
    wayOut:
      'npm must be able to reach a registry: check "npm ping", proxies and the CA bundle ("npm config get cafile").',
  });
}
