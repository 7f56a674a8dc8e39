import { setTimeout as sleep } from 'node:timers/promises';
import { httpFailure } from './http-failure.js';

const TRANSIENT = new Set([408, 425, 429, 502, 503, 504]);
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const LONGEST_RETRY_AFTER_MS = 60_000;

/** How to try again. */
export interface RetryOptions {
  readonly signal?: AbortSignal | undefined;
  /** @default 8 */
  readonly attempts?: number | undefined;
}

/** Whether the same call may succeed later. */
export function isTransient(error: unknown): boolean {
  const { status, noAnswer } = httpFailure(error);
  return status === undefined ? noAnswer : TRANSIENT.has(status);
}

/**
 * Calls until it succeeds or fails for good. A 429 waits as long as the service asks for; other passing
 * failures wait longer each time, with jitter.
 *
 * @param call Must be harmless to repeat: an answer that was lost may have been a success.
 */
export async function withRetry<Result>(
  call: () => Promise<Result>,
  options: RetryOptions = {},
): Promise<Result> {
  const { signal, attempts = 8 } = options;
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      if (attempt >= attempts || !isTransient(error)) throw error;
      await sleep(retryAfterMs(error) ?? pauseMs(attempt), undefined, signal === undefined ? {} : { signal });
    }
  }
}

/** How long the service asks to wait: `Retry-After`, also with the name of a limit behind it. */
export function retryAfterMs(error: unknown): number | undefined {
  const value = httpFailure(error).header('retry-after');
  if (value === undefined) return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS) : undefined;
}

function pauseMs(attempt: number): number {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
  return longest / 2 + (Math.random() * longest) / 2;
}
