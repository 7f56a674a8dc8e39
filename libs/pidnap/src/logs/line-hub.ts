import type { LogLine } from '../protocol/info.js';

type Listener = (line: LogLine) => void;

/**
 * Hands new lines to whoever listens. Lines are made only for logs that somebody listens to, since making them
 * costs ten times what writing them does.
 */
export class LineHub {
  /** With the names each wants; `null` is all. */
  readonly #listeners = new Map<Listener, ReadonlySet<string> | null>();
  readonly #closed = new AbortController();

  /** Aborted when no further line can come. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Says that no further line can come. */
  close(): void {
    this.#closed.abort();
  }

  /** Whether anybody listens to the log of this name. */
  wants(name: string): boolean {
    for (const names of this.#listeners.values()) if (names === null || names.has(name)) return true;
    return false;
  }

  publish(line: LogLine): void {
    for (const [listener, names] of this.#listeners)
      if (names === null || names.has(line.name)) listener(line);
  }

  /** Calls for each new line, of these names or of all, until the returned function is called. */
  subscribe(listener: Listener, names: readonly string[] | null = null): () => void {
    this.#listeners.set(listener, names && new Set(names));
    return () => this.#listeners.delete(listener);
  }
}
