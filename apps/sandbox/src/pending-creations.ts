import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { stateDir } from './sandbox-secrets.js';

const recordSchema = z.object({
  session: z.string(),
  /** Where it is created. */
  provider: z.string().default('docker'),
  pid: z.number(),
  startedAt: z.string(),
});

/**
 * Notes on disk which creations are under way, so that what a killed CLI left half-made is found and removed
 * by the next one. Only sessions noted here are ever cleaned up: a sandbox that somebody else makes at the
 * same time is none of ours.
 */
export class PendingCreations {
  readonly #provider: string;
  readonly #dir: string;

  /** @param provider Whose creations these are; those of others are not seen. */
  constructor(provider: string, dir = join(stateDir(), 'creating')) {
    this.#provider = provider;
    this.#dir = dir;
  }

  /** Notes that this process creates something. @returns the session, to be put on all that is made */
  async begin(): Promise<string> {
    const session = randomUUID();
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    const startedAt = (await processStart(process.pid)) ?? '';
    const record = { session, provider: this.#provider, pid: process.pid, startedAt };
    await writeFile(this.#file(session), JSON.stringify(record), { mode: 0o600 });
    return session;
  }

  /** What was created is whole, or gone. */
  async end(session: string): Promise<void> {
    await rm(this.#file(session), { force: true });
  }

  /** Sessions whose process has died. */
  async dead(): Promise<string[]> {
    const dead: string[] = [];
    for (const file of await this.#files()) {
      const record = await readRecord(join(this.#dir, file));
      if (record?.provider !== this.#provider) continue;
      if ((await processStart(record.pid)) !== record.startedAt) dead.push(record.session);
    }
    return dead;
  }

  async #files(): Promise<string[]> {
    try {
      return await readdir(this.#dir);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  #file(session: string): string {
    return join(this.#dir, session);
  }
}

async function readRecord(file: string): Promise<z.infer<typeof recordSchema> | undefined> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    // Ended by its owner since it was listed.
    if (isMissing(error)) return undefined;
    throw new Error(`${file} is damaged; remove it.`, { cause: error });
  }
}

/**
 * Tells a process from a later one with the same number, by its start time where the system tells it.
 *
 * @returns `undefined` when there is no such process
 */
async function processStart(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold anything; the start time is the 20th field after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  try {
    process.kill(pid, 0);
    return '';
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM' ? '' : undefined;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
