import { setTimeout as sleep } from 'node:timers/promises';
import { startDeadline } from '@iterate/sandbox-provider';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Looks again and again until there is a value; the pauses grow to a second.
 *
 * @param operation In words that fit after "while".
 * @param look Resolves with `undefined` for "not yet"; rejects to give up.
 * @throws SandboxError `Timeout`, `Aborted`
 */
export async function waitUntil<Value>(
  operation: string,
  options: { timeoutMs: number; signal?: AbortSignal | undefined },
  look: (signal: AbortSignal) => Promise<Value | undefined>,
): Promise<Value> {
  using deadline = startDeadline(operation, options);
  let pause = FIRST_PAUSE_MS;
  try {
    for (;;) {
      deadline.signal.throwIfAborted();
      const value = await look(deadline.signal);
      if (value !== undefined) return value;
      await sleep(pause, undefined, { signal: deadline.signal });
      pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
    }
  } catch (error) {
    throw deadline.failure() ?? error;
  }
}
