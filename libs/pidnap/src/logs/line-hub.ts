import type { LogLine } from '../protocol/info.js';

/** Hands every new line of every log to whoever listens; lines are only made when somebody does. */
export class LineHub {
  readonly #listeners = new Set<(line: LogLine) => void>();

  /** Whether anybody listens. */
  get active(): boolean {
    return this.#listeners.size > 0;
  }

  publish(line: LogLine): void {
    for (const listener of this.#listeners) listener(line);
  }

  /** Calls for each new line until the returned function is called. */
  subscribe(listener: (line: LogLine) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
