import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../run-command.mjs';
import { StepError } from '../step-error.mjs';
import { canInstallPackages, installPackages, onPath } from './debian.mjs';

/** The tag under which the sandbox image finds its base on this engine. */
const BASE_TAG = 'iterate-sandbox-base:local';
const PUBLIC_IMAGE = 'node:24-bookworm-slim';
const NODE_VERSION = '24.21.0';
const NPM_VERSION = '11.21.2';
const PULL_TIMEOUT_MS = 120_000;
const RECIPE_LABEL = 'dev.iterate.base.recipe';
const DEBIAN = ['--variant=minbase', '--include=ca-certificates,libatomic1', 'bookworm'];
const WITHOUT_MANUALS = [
  '--dpkgopt=path-exclude=/usr/share/man/*',
  '--dpkgopt=path-exclude=/usr/share/doc/*',
  '--dpkgopt=path-include=/usr/share/doc/*/copyright',
];
/** What the base is made of: a base of another recipe is made anew, and with it every layer on top of it. */
const recipe = createHash('sha256')
  .update(JSON.stringify([PUBLIC_IMAGE, NODE_VERSION, NPM_VERSION, DEBIAN, WITHOUT_MANUALS]))
  .digest('hex');

/**
 * Makes sure that the engine has a base image: the public Node image where a registry answers, else one made
 * from Debian's packages and the Node of the npm registry.
 *
 * @param {{ report: (detail: string) => void }} context
 * @returns {Promise<string>} A note for the display.
 */
export async function ensureBaseImage({ report }) {
  if (await hasBase()) return `${BASE_TAG}`;
  report(`trying ${PUBLIC_IMAGE}`);
  if (await pullPublicImage()) return `${BASE_TAG} from ${PUBLIC_IMAGE}`;
  if (!canInstallPackages()) {
    throw new StepError(`No registry has ${PUBLIC_IMAGE} for this engine`, {
      wayOut: `Make it reachable, or load an image with Node 24 on Debian bookworm yourself: docker tag <image> ${BASE_TAG}`,
    });
  }
  if (!onPath('mmdebstrap'))
    await installPackages(['mmdebstrap', 'debian-archive-keyring', 'ca-certificates'], report);
  await importDebianBase(report);
  return `${BASE_TAG} from Debian packages`;
}

async function hasBase() {
  const format = `{{index .Config.Labels "${RECIPE_LABEL}"}}`;
  try {
    const label = (await runCommand('docker', ['image', 'inspect', '--format', format, BASE_TAG])).trim();
    // A base that somebody tagged by hand has no label and is respected.
    return label === recipe || label === '';
  } catch (error) {
    if (error instanceof StepError && /No such image/i.test(error.output ?? '')) return false;
    throw error;
  }
}

async function pullPublicImage() {
  try {
    await runCommand('docker', ['pull', '--quiet', PUBLIC_IMAGE], { timeoutMs: PULL_TIMEOUT_MS });
  } catch (error) {
    if (error instanceof StepError) return false;
    throw error;
  }
  const container = (await runCommand('docker', ['create', PUBLIC_IMAGE, 'true'])).trim();
  try {
    await runCommand('docker', [
      'commit',
      '--change',
      `LABEL ${RECIPE_LABEL}=${recipe}`,
      container,
      BASE_TAG,
    ]);
  } finally {
    await runCommand('docker', ['rm', container]);
  }
  return true;
}

/** @param {(detail: string) => void} report */
async function importDebianBase(report) {
  const work = mkdtempSync(join(tmpdir(), 'iterate-base-'));
  try {
    const staging = join(work, 'local');
    report(`Node ${NODE_VERSION} and npm ${NPM_VERSION} from the npm registry`);
    await stageNode(work, staging);
    const archive = join(work, 'base.tar');
    report('mmdebstrap bookworm');
    await runCommand(
      'mmdebstrap',
      ['--quiet', ...WITHOUT_MANUALS, `--customize-hook=sync-in ${staging} /usr/local`, ...DEBIAN, archive],
      { onLine: report },
    );
    report('docker import');
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const changes = [`ENV PATH=${path}`, `LABEL ${RECIPE_LABEL}=${recipe}`];
    await runCommand('docker', [
      'import',
      ...changes.flatMap((change) => ['--change', change]),
      archive,
      BASE_TAG,
    ]);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Lays out `/usr/local` of the base: node, npm and npx, each checked by npm against its registry's integrity.
 *
 * @param {string} work
 * @param {string} staging
 */
async function stageNode(work, staging) {
  const fetched = join(work, 'fetched');
  await runCommand('npm', [
    'install',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--prefix',
    fetched,
    `node-linux-${process.arch}@${NODE_VERSION}`,
    `npm@${NPM_VERSION}`,
  ]);
  const modules = join(fetched, 'node_modules');
  mkdirSync(join(staging, 'bin'), { recursive: true });
  mkdirSync(join(staging, 'lib', 'node_modules'), { recursive: true });
  cpSync(join(modules, `node-linux-${process.arch}`, 'bin', 'node'), join(staging, 'bin', 'node'));
  chmodSync(join(staging, 'bin', 'node'), 0o755);
  cpSync(join(modules, 'npm'), join(staging, 'lib', 'node_modules', 'npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(staging, 'bin', 'npm'));
  symlinkSync('../lib/node_modules/npm/bin/npx-cli.js', join(staging, 'bin', 'npx'));
}
