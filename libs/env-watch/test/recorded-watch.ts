import { setTimeout as sleep } from 'node:timers/promises';
import type { EnvWatchError } from '../src/env-watch-error.js';
import type { EnvChange, EnvWatcher, WatchEnvOptions } from '../src/env-watcher.js';
import { watchEnv } from '../src/watch-env.js';

/** Short, so that a test that waits for nothing to happen is quick. */
export const SETTLE_MS = 20;
export const SECOND_LOOK_MS = 60;

/** A watch that keeps every event it emits, in order. */
export class RecordedWatch implements AsyncDisposable {
  readonly watcher: EnvWatcher;
  readonly changes: EnvChange[] = [];
  readonly errors: EnvWatchError[] = [];

  private constructor(watcher: EnvWatcher) {
    this.watcher = watcher;
    watcher.on('change', (change) => this.changes.push(change));
    watcher.on('error', (error) => this.errors.push(error));
  }

  static async start(files: string | string[], options: WatchEnvOptions = {}): Promise<RecordedWatch> {
    const watcher = watchEnv(files, { settleMs: SETTLE_MS, secondLookMs: SECOND_LOOK_MS, ...options });
    const recorded = new RecordedWatch(watcher);
    await watcher.ready;
    return recorded;
  }

  async untilChanges(count: number): Promise<EnvChange> {
    return RecordedWatch.#until(this.changes, count, 'changes');
  }

  async untilErrors(count: number): Promise<EnvWatchError> {
    return RecordedWatch.#until(this.errors, count, 'errors');
  }

  /** Long enough for a first and a second look at whatever was written before. */
  async quiet(): Promise<void> {
    await sleep(4 * (SETTLE_MS + SECOND_LOOK_MS));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.watcher.close();
  }

  static async #until<T>(list: readonly T[], count: number, what: string): Promise<T> {
    const deadline = performance.now() + 5_000;
    while (list.length < count) {
      if (performance.now() > deadline)
        throw new Error(`waited 5 s for ${count} ${what}, saw ${list.length}`);
      await sleep(5);
    }
    const item = list[count - 1];
    if (item === undefined) throw new Error('count must be at least 1');
    return item;
  }
}
