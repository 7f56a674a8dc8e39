import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** A temporary directory that is gone when it is disposed, or, after a kill, at the next call of any process. */
export interface ScratchDir {
  dir: string;
  [Symbol.asyncDispose](): Promise<void>;
}

const PREFIX = 'sandbox-image';

/**
 * The name of a directory tells its owner: the user and the set of processes in which the process id means something,
 * that id, and when the process started, since ids are used again.
 */
const NAME = new RegExp(`^${PREFIX}-([0-9a-f]{8})-(\\d+)-(\\d+)-`);

let swept: Promise<void> | undefined;

/** Makes a directory in the system's own for temporary files. The first call removes those of processes that are gone. */
export async function makeScratchDir(): Promise<ScratchDir> {
  swept ??= sweepScratchDirs();
  await swept;
  const name = [PREFIX, realm(), process.pid, startTime(process.pid) ?? 0, ''].join('-');
  const dir = await mkdtemp(join(tmpdir(), name));
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true, maxRetries: 3 }) };
}

/** Removes the directories of processes that are gone; never one of a process that runs, or may run elsewhere. */
export async function sweepScratchDirs(): Promise<void> {
  const mine = realm();
  for (const name of await readdir(tmpdir())) {
    const [, owner, pid, started] = NAME.exec(name) ?? [];
    if (owner !== mine || isRunning(Number(pid), Number(started))) continue;
    await rm(join(tmpdir(), name), { recursive: true, force: true, maxRetries: 3 });
  }
}

/** The same for all processes of one user that see each other's ids; not for those of a container with this `/tmp`. */
function realm(): string {
  let namespace = '';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Only Linux has such namespaces.
  }
  const identity = [hostname(), userInfo().uid, namespace].join('\n');
  return createHash('sha256').update(identity).digest('hex').slice(0, 8);
}

function isRunning(pid: number, started: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return (startTime(pid) ?? started) === started;
}

/** In clock ticks since the machine started. @returns `undefined` where the system does not tell. */
function startTime(pid: number): number | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses, which may have spaces of its own.
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}
