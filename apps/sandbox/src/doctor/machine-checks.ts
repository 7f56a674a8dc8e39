import { X509Certificate } from 'node:crypto';
import { readFile, statfs } from 'node:fs/promises';
import type { EngineInfo } from '@iterate/sandbox-docker';
import type { BuildCli, CaBundle } from '@iterate/sandbox-image';
import { isSandboxError } from '@iterate/sandbox-provider';
import { execa } from 'execa';
import type { Check, Finding } from './check.js';

const GIGABYTE = 1e9;
/** An image with its build takes about this much. */
const DISK_WANTED_BYTES = 10 * GIGABYTE;
const DISK_NEEDED_BYTES = 4 * GIGABYTE;
const OLDEST_ENGINE = [20, 10] as const;
/** `git rev-parse --path-format=absolute` came with it. */
const OLDEST_GIT = [2, 31] as const;
const NODE_FLOOR = [20, 19] as const;

/** What the checks look at; each is asked once. */
export interface Machine {
  engine(): Promise<EngineInfo>;
  buildCli(): Promise<BuildCli>;
  caBundle(): Promise<CaBundle | undefined>;
  hasImage(reference: string): Promise<boolean>;
  /** Whose a port is: `undefined` when it is free. */
  portOwner(port: number): Promise<string | undefined>;
}

/** Every check of `sandbox doctor`, in the order in which they are shown. */
export function machineChecks(machine: Machine): Check[] {
  return [
    ...commonChecks(),
    { name: 'engine', run: () => findEngine(machine) },
    { name: 'build', run: () => checkBuildCli(machine) },
    { name: 'disk', run: () => withEngine(machine, checkDisk) },
    { name: 'base image', run: () => withEngine(machine, () => checkBaseImage(machine)) },
    ...[3000, 4096].map((port) => ({
      name: `port ${port}`,
      run: () => withEngine(machine, () => checkPort(machine, port)),
    })),
    { name: 'CA bundle', run: () => checkCaBundle(machine) },
  ];
}

/** What every provider needs. */
export function commonChecks(): Check[] {
  return [
    { name: 'node', run: async () => checkNode(process.versions.node) },
    { name: 'git', run: checkGit },
  ];
}

/** @param version As in `process.versions.node`. */
export function checkNode(version: string): Finding {
  if (isAtLeast(version, NODE_FLOOR)) return { status: 'ok', text: `Node ${version}` };
  return {
    status: 'fail',
    text: `Node ${version} is too old`,
    fix: `Install Node ${NODE_FLOOR.join('.')} or newer.`,
  };
}

async function checkGit(): Promise<Finding> {
  const { stdout, failed } = await execa('git', ['--version'], { reject: false });
  if (failed)
    return {
      status: 'fail',
      text: 'git is not installed',
      fix: 'Install git, e.g. with: apt-get install git',
    };
  const version = /\d+(?:\.\d+)+/.exec(stdout ?? '')?.[0] ?? '0';
  if (isAtLeast(version, OLDEST_GIT)) return { status: 'ok', text: `git ${version}` };
  return {
    status: 'fail',
    text: `git ${version} is too old`,
    fix: `Install git ${OLDEST_GIT.join('.')} or newer.`,
  };
}

/** Checks that ask the engine: without one there is nothing to tell, and the check of the engine says what to do. */
async function withEngine(
  machine: Machine,
  check: (engine: EngineInfo) => Promise<Finding> | Finding,
): Promise<Finding> {
  let engine: EngineInfo;
  try {
    engine = await machine.engine();
  } catch (error) {
    if (!isSandboxError(error)) throw error;
    return { status: 'warn', text: 'cannot be told without an engine', fix: 'See the check of the engine.' };
  }
  return check(engine);
}

async function findEngine(machine: Machine): Promise<Finding> {
  try {
    return checkEngine(await machine.engine());
  } catch (error) {
    if (!isSandboxError(error)) throw error;
    const fix = 'Install and start Docker (on Debian: apt-get install docker.io), or set DOCKER_HOST.';
    return { status: 'fail', text: error.message, fix };
  }
}

/** Whether the engine is one that the driver works with. */
export function checkEngine({ version, host, podman, os, architecture }: EngineInfo): Finding {
  const text = `Docker ${version} (${os}/${architecture}) at ${host.url}, found by ${host.foundBy}`;
  if (podman)
    return {
      status: 'warn',
      text: `${text}; this is Podman`,
      fix: 'Sandboxes are tested on Docker; use it if something fails.',
    };
  if (isAtLeast(version, OLDEST_ENGINE)) return { status: 'ok', text };
  return { status: 'fail', text, fix: `Install Docker ${OLDEST_ENGINE.join('.')} or newer.` };
}

async function checkBuildCli(machine: Machine): Promise<Finding> {
  try {
    const { kind, file } = await machine.buildCli();
    return { status: 'ok', text: `BuildKit through ${file} (${kind})` };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return {
      status: 'fail',
      text,
      fix: 'Install docker-buildx; sandboxes of images that exist work without.',
    };
  }
}

async function checkDisk({ rootDir, local }: EngineInfo): Promise<Finding> {
  if (!local) return { status: 'ok', text: 'the engine is on another machine; its disk is not looked at' };
  let free: number;
  try {
    const { bavail, bsize } = await statfs(rootDir);
    free = bavail * bsize;
  } catch {
    // A Docker Desktop engine has its files in a virtual machine.
    return { status: 'ok', text: `${rootDir} is not visible from here; its disk is not looked at` };
  }
  return judgeDisk(free, rootDir);
}

/** Whether so many free bytes are enough for an image and a sandbox. */
export function judgeDisk(free: number, rootDir: string): Finding {
  const text = `${(free / GIGABYTE).toFixed(1)} GB free at ${rootDir}`;
  if (free >= DISK_WANTED_BYTES) return { status: 'ok', text };
  const fix = 'Free some: docker system df shows what is used, docker builder prune removes build caches.';
  return { status: free >= DISK_NEEDED_BYTES ? 'warn' : 'fail', text, fix };
}

async function checkBaseImage(machine: Machine): Promise<Finding> {
  const local = 'iterate-sandbox-base:local';
  if (await machine.hasImage(local)) return { status: 'ok', text: local };
  return {
    status: 'warn',
    text: `${local} is not there; a build takes the public base image from a registry`,
    fix: 'Where no registry is reachable, "npm run up" makes the base image out of Debian packages.',
  };
}

async function checkPort(machine: Machine, port: number): Promise<Finding> {
  const owner = await machine.portOwner(port);
  if (owner === undefined) return { status: 'ok', text: 'free' };
  if (owner.startsWith('the sandbox')) return { status: 'ok', text: `used by ${owner}` };
  return {
    status: 'warn',
    text: `taken by ${owner}`,
    fix: 'A new sandbox takes the next free port. Free this one to have it.',
  };
}

async function checkCaBundle(machine: Machine): Promise<Finding> {
  const bundle = await machine.caBundle();
  if (bundle === undefined)
    return { status: 'ok', text: 'none set: the public certificate authorities are trusted' };
  const text = `${bundle.file} (${bundle.source})`;
  try {
    const [first] =
      (await readFile(bundle.file, 'utf8')).match(
        /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/,
      ) ?? [];
    new X509Certificate(first ?? '');
    return { status: 'ok', text };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      status: 'fail',
      text: `${text} holds no certificate: ${why}`,
      fix: `Repair the file, or unset ${bundle.source}.`,
    };
  }
}

function isAtLeast(version: string, floor: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > floor[0] || (major === floor[0] && minor >= floor[1]);
}
