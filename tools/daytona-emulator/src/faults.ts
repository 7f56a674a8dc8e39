import { setTimeout as sleep } from 'node:timers/promises';
import type { MiddlewareHandler } from 'hono';
import * as z from 'zod';

const rate = z.number().min(0).max(1).default(0);

/** What goes wrong on purpose. Rates are shares of the calls to the API and the toolbox. */
export const faultsSchema = z.strictObject({
  /** 429 instead of an answer. */
  rateLimited: rate,
  /** Seconds that a 429 asks to wait. */
  retryAfterSeconds: z.number().min(0).default(1),
  /** 502 before anything happened. */
  badGateway: rate,
  /** The call is carried out and its answer lost: 502 as well. */
  lostAnswer: rate,
  /** Every answer is held back by this long. */
  delayMs: z.int().min(0).default(0),
  /** Snapshots that start to build or pull now fail with this reason. */
  snapshotFailure: z.string().min(1).optional(),
  /** Sandboxes that are created now stay in `creating`. */
  stuckSandboxes: z.boolean().default(false),
  /** Log sockets are cut after this many frames, as a proxy with an idle limit does. */
  cutLogsAfterFrames: z.int().positive().optional(),
  /** Start of the random sequence, so that a run can be repeated. */
  seed: z.int().default(1),
});

/** {@link faultsSchema} with its defaults. */
export type Faults = z.output<typeof faultsSchema>;

/** The faults in force. */
export class FaultPlan {
  current: Faults = faultsSchema.parse({});
  /** How many calls were answered with a fault since the last change. */
  injected = 0;
  #random = seededRandom(1);

  set(faults: Faults): void {
    this.current = faults;
    this.injected = 0;
    this.#random = seededRandom(faults.seed);
  }

  /** Answers some calls with a fault. */
  middleware(): MiddlewareHandler {
    return async (c, next) => {
      const { rateLimited, retryAfterSeconds, badGateway, lostAnswer, delayMs } = this.current;
      if (delayMs > 0) await sleep(delayMs);
      const dice = this.#random();
      if (dice < rateLimited) {
        this.injected += 1;
        return c.json({ statusCode: 429, error: 'Too Many Requests', message: 'Rate limit exceeded' }, 429, {
          'Retry-After-authenticated': String(retryAfterSeconds),
          'X-RateLimit-Limit-authenticated': '1',
          'X-RateLimit-Remaining-authenticated': '0',
          'X-RateLimit-Reset-authenticated': String(retryAfterSeconds),
        });
      }
      if (dice < rateLimited + badGateway) {
        this.injected += 1;
        return c.html('<html><h1>502 Bad Gateway</h1></html>', 502);
      }
      await next();
      if (dice < rateLimited + badGateway + lostAnswer) {
        this.injected += 1;
        c.res = c.html('<html><h1>502 Bad Gateway</h1></html>', 502);
      }
    };
  }
}

/** Numbers from 0 to 1 that are the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
