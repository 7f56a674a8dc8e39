import type { EnvValues } from './env-values.js';
import { EnvWatchError } from './env-watch-error.js';
import { parseEnv } from './parse-env.js';
import { type EnvFileContent, readEnvFile } from './read-env-file.js';

/**
 * What a look believes: everything (the first one), what does not look half-written (after an event has
 * settled), or nothing that was not there before (a poll, which can come in the middle of a write).
 */
export type Trust = 'all' | 'finished' | 'nothing-new';

/** The content of a file at one moment. */
export interface SeenFile {
  /** Equal prints mean equal content, or the same failure to read it. */
  readonly print: string;
  readonly content: EnvFileContent | undefined;
  readonly values: EnvValues;
  readonly error: EnvWatchError | undefined;
}

export type Verdict =
  | { readonly type: 'same' }
  /** It counts only if a second look, `secondLookMs` later, finds the same. */
  | { readonly type: 'doubtful' }
  | { readonly type: 'accepted' }
  | { readonly type: 'error'; readonly error: EnvWatchError };

const MISSING = 'missing';
const NEWLINE = 0x0a;

/** One watched file: its last good values, and what was last seen in it. */
export class TrackedFile {
  readonly #file: string;
  readonly #options: { readonly maxBytes: number; readonly secondLookMs: number };
  #values: EnvValues = {};
  #good: EnvFileContent | undefined;
  /** What was last accepted or reported: the same again is no news. */
  #settledPrint = MISSING;
  #doubted: { readonly print: string; readonly since: number } | undefined;

  constructor(file: string, options: { readonly maxBytes: number; readonly secondLookMs: number }) {
    this.#file = file;
    this.#options = options;
  }

  /** The last good values. */
  get values(): EnvValues {
    return this.#values;
  }

  async read(): Promise<SeenFile> {
    let content: EnvFileContent | undefined;
    try {
      content = await readEnvFile(this.#file, this.#options.maxBytes);
      const values = content ? parseEnv(content.bytes, this.#file) : {};
      return { print: printOf(content), content, values, error: undefined };
    } catch (error) {
      if (!(error instanceof EnvWatchError)) throw error;
      const print = content ? printOf(content) : JSON.stringify(error.details);
      return { print, content, values: {}, error };
    }
  }

  judge(seen: SeenFile, trust: Trust): Verdict {
    if (seen.print === this.#settledPrint) {
      this.#doubted = undefined;
      return { type: 'same' };
    }
    if (trust !== 'all' && !this.#believes(seen, trust)) return { type: 'doubtful' };
    this.#doubted = undefined;
    this.#settledPrint = seen.print;
    if (seen.error) return { type: 'error', error: seen.error };
    this.#good = seen.content;
    this.#values = seen.values;
    return { type: 'accepted' };
  }

  #believes(seen: SeenFile, trust: Trust): boolean {
    const now = performance.now();
    if (this.#doubted?.print === seen.print) {
      // Timers may fire up to a millisecond early.
      return now - this.#doubted.since >= this.#options.secondLookMs - 1;
    }
    const doubtful =
      trust === 'nothing-new' || seen.error !== undefined || looksUnfinished(this.#good, seen.content);
    this.#doubted = doubtful ? { print: seen.print, since: now } : undefined;
    return !doubtful;
  }
}

/** The bytes themselves, as a string: comparing them costs less than the loading of `node:crypto` alone. */
function printOf(content: EnvFileContent | undefined): string {
  return content ? `=${content.bytes.toString('latin1')}` : MISSING;
}

/** True for what a writer leaves on disk for a moment between truncating or deleting and finishing. */
function looksUnfinished(before: EnvFileContent | undefined, now: EnvFileContent | undefined): boolean {
  if (!now || now.bytes.length === 0) return true;
  // Another inode was renamed into place, so it was complete before it got its name.
  if (now.inode !== before?.inode) return false;
  const lostLastNewline = before.bytes.at(-1) === NEWLINE && now.bytes.at(-1) !== NEWLINE;
  return lostLastNewline || before.bytes.subarray(0, now.bytes.length).equals(now.bytes);
}
