import type { UnitSpec } from '../config/spec.js';

/** What the end of a run leads to. */
export type Verdict =
  | { readonly type: 'retry'; readonly delayMs: number }
  | { readonly type: 'crash-loop'; readonly delayMs: number };

/**
 * Counts failed runs and spaces the retries. Times are monotonic milliseconds given by the caller, so that a
 * step of the clock changes nothing.
 */
export class Backoff {
  readonly #random: () => number;
  #failures = 0;
  /** When recent short failures ended; never more than the crash-loop limit asks for. */
  #recent: number[] = [];

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** A run has ended and is to be followed by another. */
  next(
    spec: Pick<UnitSpec, 'backoff' | 'minUptime' | 'crashLoop'>,
    uptimeMs: number,
    nowMs: number,
  ): Verdict {
    if (uptimeMs >= spec.minUptime) this.reset();
    this.#failures++;
    if (uptimeMs < spec.minUptime && this.#isCrashLoop(spec.crashLoop, nowMs)) {
      return { type: 'crash-loop', delayMs: spec.crashLoop?.retryEvery ?? 0 };
    }
    return { type: 'retry', delayMs: this.#delay(spec.backoff) };
  }

  /** A run was long enough, or a person asked for a start. */
  reset(): void {
    this.#failures = 0;
    this.#recent = [];
  }

  #isCrashLoop(limit: UnitSpec['crashLoop'], nowMs: number): boolean {
    if (limit === null) return false;
    this.#recent.push(nowMs);
    if (this.#recent.length > limit.failures) this.#recent.shift();
    const oldest = this.#recent[0] ?? nowMs;
    // Once looping, the slow retries may lie further apart than the window.
    return (
      this.#recent.length >= limit.failures &&
      (nowMs - oldest <= limit.window || this.#failures > limit.failures)
    );
  }

  #delay({ initial, factor, max, jitter }: UnitSpec['backoff']): number {
    // The power overflows to infinity after some hundred failures, and no number times infinity is 0.
    const delay = initial === 0 ? 0 : Math.min(max, initial * factor ** (this.#failures - 1));
    return Math.max(0, Math.round(delay * (1 + jitter * (2 * this.#random() - 1))));
  }
}
