import { mkdir, readFile, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EnvWatchError, parseEnv } from '@iterate/env-watch';
import { DaemonError, errnoOf } from '../daemon-error.js';
import { editEnvText, findAssignments } from './env-document.js';
import { quoteEnvValue } from './quote-env-value.js';
import { type FileLockOptions, withFileLock } from './with-file-lock.js';
import { writeFileAtomic } from './write-file-atomic.js';

/** Larger than any sane set of keys; the environment of a process could not take more. */
const maxEnvFileBytes = 1024 * 1024;

/** What to change. A key is in `set` or in `remove`, not in both. */
export interface EnvChange {
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

/** Names only: values never leave this module. */
export interface EnvChangeResult {
  /** Keys that were not there before. */
  readonly added: readonly string[];
  /** Keys that have another value now. */
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** Keys that already were as wanted. */
  readonly unchanged: readonly string[];
}

type Values = ReadonlyMap<string, string>;

/** A dotenv file that several writers may change at the same time without losing a key. */
export class EnvFile {
  readonly #path: string;
  readonly #lock: FileLockOptions;
  /** Writers of this process wait for each other here, so that they do not poll the lock. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(path: string, lock: FileLockOptions = {}) {
    this.#path = path;
    this.#lock = lock;
  }

  /** The names of all keys, sorted. A file that does not exist has none. */
  async keys(): Promise<string[]> {
    return [...parseValues(await read(await this.#target())).keys()].sort();
  }

  /**
   * Applies a change whole or not at all. A change that alters nothing does not touch the file, so that nobody who
   * watches it is woken.
   *
   * @throws DaemonError `env-value-unrepresentable`, `env-file-invalid`, `env-file-locked`, `env-file-inaccessible`
   */
  update(change: EnvChange): Promise<EnvChangeResult> {
    const result = this.#queue.then(() => this.#updateLocked(change));
    this.#queue = result.catch(() => {});
    return result;
  }

  async #updateLocked(change: EnvChange): Promise<EnvChangeResult> {
    const quoted = new Map(
      Object.entries(change.set).map(([key, value]) => [key, quoteEnvValue(key, value)]),
    );
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      const target = await this.#target();
      return await withFileLock(
        target,
        async (assertHeld) => {
          const text = await read(target);
          const before = parseValues(text);
          const result = compare(before, change);
          if (result.added.length + result.changed.length + result.removed.length === 0) return result;
          const set = new Map([...quoted].filter(([key]) => !result.unchanged.includes(key)));
          const next = editEnvText(text, { set, remove: new Set(change.remove) });
          verify(text, next, before, change);
          await writeFileAtomic(target, next, assertHeld);
          return result;
        },
        this.#lock,
      );
    } catch (error) {
      throw error instanceof DaemonError ? error : inaccessible(error);
    }
  }

  /** The file behind a symlink, so that a write replaces the content and not the link. */
  async #target(): Promise<string> {
    return realpath(this.#path).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return this.#path;
      throw inaccessible(error);
    });
  }
}

/** Reads the text of a valid env file; one that does not exist is empty. */
async function read(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return Buffer.alloc(0);
    throw inaccessible(error);
  });
  if (bytes.byteLength > maxEnvFileBytes) throw tooLarge();
  parseValues(bytes);
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** Reads values as pidnap does: with dotenv, but nothing that dotenv would silently skip or misread. */
function parseValues(content: string | Uint8Array): Values {
  try {
    return new Map(Object.entries(parseEnv(content)));
  } catch (error) {
    if (!(error instanceof EnvWatchError) || error.code !== 'invalid-content') throw error;
    const { problem, line, column } = error.details as EnvWatchError<'invalid-content'>['details'];
    throw new DaemonError(
      'env-file-invalid',
      `The env file is not valid at line ${line}, column ${column} (${problem}). Correct it by hand first.`,
      { problem, line, column },
      { cause: error },
    );
  }
}

function compare(before: Values, change: EnvChange): EnvChangeResult {
  const added: string[] = [];
  const changed: string[] = [];
  const unchanged: string[] = [];
  for (const [key, value] of Object.entries(change.set)) {
    if (!before.has(key)) added.push(key);
    else if (before.get(key) !== value) changed.push(key);
    else unchanged.push(key);
  }
  const removed = change.remove.filter((key) => before.has(key));
  unchanged.push(...change.remove.filter((key) => !before.has(key)));
  return { added, changed, removed, unchanged };
}

/**
 * Reads the new content back and compares it with what is wanted: every new value to the byte, every other key
 * untouched. Nothing that would be read otherwise is ever written.
 */
function verify(text: string, next: string, before: Values, change: EnvChange): void {
  const bytes = Buffer.from(next);
  if (bytes.byteLength > maxEnvFileBytes) throw tooLarge();
  const wanted = new Map([...before, ...Object.entries(change.set)]);
  for (const key of change.remove) wanted.delete(key);
  const found = parseValues(bytes);
  const wrong = [...new Set([...wanted.keys(), ...found.keys()])].find(
    (key) => wanted.get(key) !== found.get(key),
  );
  if (wrong === undefined) return;
  const line = findAssignments(text).findLast((assignment) => assignment.key === wrong)?.line;
  throw new DaemonError(
    'env-file-invalid',
    `The env file cannot be changed safely: ${wrong} would not be read back as it should. Write it in a plain form ` +
      '(KEY=value, one per line) by hand first; nothing was changed.',
    { problem: 'ambiguous', ...(line === undefined ? {} : { line }) },
  );
}

function tooLarge(): DaemonError<'env-file-invalid'> {
  return new DaemonError(
    'env-file-invalid',
    `The env file is, or would become, larger than ${maxEnvFileBytes} bytes. Remove keys first.`,
    { problem: 'too-large' },
  );
}

function inaccessible(cause: unknown): DaemonError<'env-file-inaccessible'> {
  const errno = errnoOf(cause);
  return new DaemonError(
    'env-file-inaccessible',
    `The env file cannot be read or written (${errno}). Check its directory, its owner and the free space.`,
    { errno },
    { cause },
  );
}
