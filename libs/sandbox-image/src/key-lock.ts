import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { SandboxImageError } from './sandbox-image-error.js';

/** Who holds a lock. */
interface LockOwner {
  pid: number;
  host: string;
}

/** A lock that is held until it is disposed. */
export interface KeyLock extends AsyncDisposable {
  /** Whether somebody else had it first. */
  waited: boolean;
}

export interface LockOptions {
  /** Called once for every owner that is waited for. */
  onWait?: (owner: LockOwner) => void;
  signal?: AbortSignal;
  /** How often a waiter looks, in ms. @default 200 */
  pollMs?: number;
  /** How often the owner shows that it is alive, in ms. @default 5000 */
  heartbeatMs?: number;
  /** A lock without a sign of life for so long is anybody's, in ms. @default 30000 */
  staleMs?: number;
}

const contentSchema = z.object({ pid: z.number().int().positive(), host: z.string(), nonce: z.string() });
type Content = z.infer<typeof contentSchema>;

/**
 * Takes a lock file, waiting for its owner. The lock of a process that is gone is taken over at once on the same
 * host, and after `staleMs` where the process cannot be asked. An owner that was suspended for longer than that may
 * share the lock with its heir: it saves work and does not guard correctness.
 */
export async function lockKey(file: string, options: LockOptions = {}): Promise<KeyLock> {
  const { pollMs = 200, heartbeatMs = 5000, staleMs = 30_000, signal } = options;
  const mine: Content = { pid: process.pid, host: hostname(), nonce: randomUUID() };
  let awaited: string | undefined;
  while (!(await create(file, mine))) {
    if (signal?.aborted) {
      throw new SandboxImageError('ABORTED', 'Waiting for another build was aborted.', {
        cause: signal.reason,
      });
    }
    const owner = await read(file);
    if (owner === undefined) continue;
    if (await isStale(file, owner, staleMs)) {
      await takeAway(file, owner);
      continue;
    }
    if (awaited !== owner.nonce) options.onWait?.({ pid: owner.pid, host: owner.host });
    awaited = owner.nonce;
    await sleep(pollMs, undefined, signal ? { signal } : {}).catch(() => undefined);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    // A lock that was taken over is noticed when it is given back.
    void utimes(file, now, now).catch(() => undefined);
  }, heartbeatMs);
  heartbeat.unref();
  return {
    waited: awaited !== undefined,
    async [Symbol.asyncDispose]() {
      clearInterval(heartbeat);
      if ((await read(file))?.nonce === mine.nonce) await rm(file, { force: true });
    },
  };
}

/** A link appears with its content or not at all, and fails if the name is taken. */
async function create(file: string, content: Content): Promise<boolean> {
  const draft = `${file}.${content.nonce}`;
  await writeFile(draft, JSON.stringify(content));
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** `undefined` when there is no lock; one that nobody can read belongs to nobody. */
async function read(file: string): Promise<Content | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    return contentSchema.parse(JSON.parse(text));
  } catch {
    await rm(file, { force: true });
    return undefined;
  }
}

async function isStale(file: string, owner: Content, staleMs: number): Promise<boolean> {
  if (owner.host === hostname() && !isAlive(owner.pid)) return true;
  try {
    return Date.now() - (await stat(file)).mtimeMs > staleMs;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false;
    throw error;
  }
}

/** Two waiters may see the same dead owner; the second must not take away the lock of the first. */
async function takeAway(file: string, owner: Content): Promise<void> {
  const aside = `${file}.${randomUUID()}.stale`;
  try {
    await rename(file, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  if ((await read(aside))?.nonce !== owner.nonce) {
    await link(aside, file).catch((error: unknown) => {
      if (!isCode(error, 'EEXIST')) throw error;
    });
  }
  await rm(aside, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}
