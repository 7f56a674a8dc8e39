import { setTimeout as sleep } from 'node:timers/promises';

/** Looks again every `stepMs` until `look` gives something; throws after `timeoutMs`. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false,
  { timeoutMs = 60_000, stepMs = 2 } = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await sleep(stepMs);
  }
}
