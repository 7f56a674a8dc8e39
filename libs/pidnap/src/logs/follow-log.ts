import type { LogQuery } from '../protocol/api.js';
import type { LogLine } from '../protocol/info.js';
import type { LineHub } from './line-hub.js';
import { readLog } from './read-log.js';

/** Lines that wait for a slow reader; beyond it the oldest are skipped, and a line says how many. */
const maxQueued = 10_000;

/** A log that can be read. */
export interface LogSource {
  readonly name: string;
  readonly kind: LogLine['kind'];
  readonly path: string;
}

/** New lines as they come. */
export interface LiveSource {
  readonly hubs: readonly LineHub[];
  /** Which of them are wanted; `null` is all. */
  readonly names: readonly string[] | null;
}

/** Reads logs merged by time, then, when following, every new line until the signal aborts or none can come. */
export async function* followLogs(
  sources: readonly LogSource[],
  source: LiveSource,
  query: LogQuery = {},
): AsyncGenerator<LogLine> {
  const live = query.follow ? new LiveLines(source, query.signal) : undefined;
  try {
    const histories = sources.map((source) =>
      readLog(source.path, { name: source.name, kind: source.kind }, query),
    );
    yield* mergeByTime(histories, query.signal);
    if (live) yield* live.lines();
  } finally {
    live?.close();
  }
}

/** New lines of several logs, queued from the moment of construction so that none falls into a gap. */
class LiveLines {
  readonly #queue: LogLine[] = [];
  readonly #unsubscribe: readonly (() => void)[];
  readonly #signal: AbortSignal | undefined;
  readonly #ends: readonly AbortSignal[];
  #skipped = 0;
  #wake: (() => void) | undefined;

  constructor({ hubs, names }: LiveSource, signal: AbortSignal | undefined) {
    this.#signal = signal;
    this.#ends = hubs.map(({ closed }) => closed);
    this.#unsubscribe = hubs.map((hub) => hub.subscribe((line) => this.#add(line), names));
    for (const end of this.#signals()) end.addEventListener('abort', this.#stop);
  }

  async *lines(): AsyncGenerator<LogLine> {
    while (!this.#signal?.aborted) {
      for (let line = this.#next(); line; line = this.#next()) yield line;
      if (this.#ends.every(({ aborted }) => aborted)) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (this.#queue.length > 0 || this.#signal?.aborted) resolve();
      });
    }
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const end of this.#signals()) end.removeEventListener('abort', this.#stop);
  }

  #signals(): readonly AbortSignal[] {
    return this.#signal ? [this.#signal, ...this.#ends] : this.#ends;
  }

  readonly #stop = (): void => this.#wake?.();

  #add(line: LogLine): void {
    this.#queue.push(line);
    if (this.#queue.length > maxQueued) {
      this.#queue.splice(0, maxQueued / 2);
      this.#skipped += maxQueued / 2;
    }
    this.#wake?.();
  }

  #next(): LogLine | undefined {
    const line = this.#queue[0];
    if (line === undefined) return undefined;
    if (this.#skipped > 0) {
      const text = `[pidnap] ${this.#skipped} lines skipped: the reader is too slow; the file has them`;
      this.#skipped = 0;
      return { ...line, stream: 'stderr', partial: false, text };
    }
    return this.#queue.shift();
  }
}

async function* mergeByTime(
  sources: readonly AsyncGenerator<LogLine>[],
  signal: AbortSignal | undefined,
): AsyncGenerator<LogLine> {
  try {
    const heads = await Promise.all(sources.map(async (source) => ({ source, result: await source.next() })));
    while (!signal?.aborted) {
      let first: (typeof heads)[number] | undefined;
      for (const head of heads) {
        if (head.result.done) continue;
        // A line without a time stays next to the one before it in its own log.
        if (!first || (head.result.value.time ?? '') < (first.result.value.time ?? '')) first = head;
      }
      if (!first) return;
      yield first.result.value;
      first.result = await first.source.next();
    }
  } finally {
    for (const source of sources) await source.return(undefined);
  }
}
