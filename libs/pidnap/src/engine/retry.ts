import { isoIn } from './iso-in.js';

/** The next try after a failure. */
export class Retry {
  #pending: { readonly at: string; cancel(): void } | undefined;

  /** ISO time of the try; `null` when none is due. */
  get at(): string | null {
    return this.#pending?.at ?? null;
  }

  /**
   * Never within this call, not even without a delay: libuv reports ends of children until there are none, and a
   * spawn takes long enough for another child that ends at once to end, so that nothing else would get a turn.
   */
  plan(delayMs: number, start: () => void): void {
    this.cancel();
    const at = isoIn(delayMs);
    if (delayMs === 0) {
      const immediate = setImmediate(start);
      this.#pending = { at, cancel: () => clearImmediate(immediate) };
    } else {
      const timer = setTimeout(start, delayMs);
      this.#pending = { at, cancel: () => clearTimeout(timer) };
    }
  }

  cancel(): void {
    this.#pending?.cancel();
    this.#pending = undefined;
  }
}
