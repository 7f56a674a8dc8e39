import { EventEmitter } from 'node:events';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { diffEnv } from './env-diff.js';
import type { EnvValues } from './env-values.js';
import type { EnvWatchEvents, EnvWatcher, WatchEnvOptions } from './env-watcher.js';
import { PathWatcher } from './path-watcher.js';
import { TrackedFile, type Trust } from './tracked-file.js';
import { type CheckedOptions, checkOptions, invalidOption } from './watch-options.js';

/**
 * Watches dotenv files and tells which keys were added, changed and removed.
 *
 * @param files one path, or several merged in order (a later file wins); none needs to exist
 * @throws {EnvWatchError} `invalid-option` at once when an argument is not usable
 * @example
 * await using env = watchEnv('.env');
 * env.on('change', ({ added, changed, removed }) => console.log({ added, changed, removed }));
 * env.on('error', (error) => console.error(error.message));
 * await env.ready;
 */
export function watchEnv(files: string | readonly string[], options: WatchEnvOptions = {}): EnvWatcher {
  const list = typeof files === 'string' ? [files] : files;
  if (list.length === 0 || list.some((file) => typeof file !== 'string' || file === '')) {
    throw invalidOption('files', 'at least one non-empty path');
  }
  return new FileEnvWatcher(
    list.map((file) => path.resolve(file)),
    checkOptions(options),
  );
}

/** `unsettled`: an event came during the look, and the look it causes will tell. */
type LookResult = 'done' | 'doubtful' | 'unsettled';

class FileEnvWatcher extends EventEmitter<EnvWatchEvents> implements EnvWatcher {
  readonly files: readonly string[];
  readonly ready: Promise<void>;
  readonly #options: CheckedOptions;
  readonly #tracked: readonly TrackedFile[];
  readonly #paths: PathWatcher;
  #values: EnvValues = Object.freeze({});
  #timer: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  /** Looks run one after the other: two at once could report an older content last. */
  #looking: Promise<unknown> = Promise.resolve();
  #events = 0;
  #closed = false;

  constructor(files: readonly string[], options: CheckedOptions) {
    super();
    this.files = files;
    this.#options = options;
    this.#tracked = files.map((file) => new TrackedFile(file, options));
    this.#paths = new PathWatcher(files, {
      onEvent: () => this.#onFileEvent(),
      onError: (error) => this.emit('error', error),
    });
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.ready = this.#start();
  }

  get values(): EnvValues {
    return this.#values;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#poll);
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#paths[Symbol.dispose]();
    await this.#looking;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #onAbort = (): void => {
    void this.close();
  };

  async #start(): Promise<void> {
    if (this.#options.signal?.aborted) return this.close();
    // The caller attaches its listeners before anything can be emitted.
    await Promise.resolve();
    if (this.#closed) return;
    this.#paths.arm();
    await this.#look('all');
    if (this.#closed || this.#options.pollMs === 0) return;
    this.#poll = setInterval(() => void this.#lookAndFollowUp('nothing-new'), this.#options.pollMs);
  }

  #onFileEvent(): void {
    this.#events += 1;
    this.#lookLater(this.#options.settleMs);
  }

  #lookLater(delayMs: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#lookAndFollowUp('finished'), delayMs);
  }

  async #lookAndFollowUp(trust: Trust): Promise<void> {
    if (this.#closed) return;
    // A directory seen only now may be in the middle of being filled: settle again, with its events.
    if (this.#paths.arm()) return this.#lookLater(this.#options.settleMs);
    if ((await this.#look(trust)) === 'doubtful') this.#lookLater(this.#options.secondLookMs);
  }

  #look(trust: Trust): Promise<LookResult> {
    const result = this.#looking.then(() => this.#lookNow(trust));
    this.#looking = result.catch(() => undefined);
    return result;
  }

  async #lookNow(trust: Trust): Promise<LookResult> {
    const first = trust === 'all';
    const eventsBefore = this.#events;
    const reads = await Promise.all(this.#tracked.map(async (file) => ({ file, seen: await file.read() })));
    // Lets the events of writes that the reads may have seen in part arrive before the reads are judged.
    await setImmediate();
    if (this.#closed) return 'done';
    if (this.#events !== eventsBefore && !first) return 'unsettled';
    const verdicts = reads.map(({ file, seen }) => file.judge(seen, trust));
    const before = this.#values;
    const after = Object.freeze(Object.assign({}, ...this.#tracked.map((file) => file.values)));
    this.#values = after;
    // Errors first, so that they are known when the values arrive.
    for (const verdict of verdicts) if (verdict.type === 'error') this.emit('error', verdict.error);
    const diff = diffEnv(before, after);
    if (diff && !first) this.emit('change', { ...diff, values: after });
    return verdicts.some((verdict) => verdict.type === 'doubtful') ? 'doubtful' : 'done';
  }
}
