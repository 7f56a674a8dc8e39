import { type Env, sameEnv } from '../env/effective-env.js';
import { isoIn } from './iso-in.js';

interface Pending {
  readonly timer: NodeJS.Timeout;
  readonly at: string;
  readonly dueMs: number;
  readonly env: Env;
}

/** The restart that a changed environment brings after a delay. */
export class EnvReload {
  readonly #restart: () => void;
  #pending: Pending | undefined;

  constructor(restart: () => void) {
    this.#restart = restart;
  }

  /** ISO time of the restart; `null` when none is due. */
  get at(): string | null {
    return this.#pending?.at ?? null;
  }

  /**
   * Plans the restart for this environment. The same again changes nothing, another one begins the delay anew.
   *
   * @returns the ms until the restart
   */
  plan(env: Env, delayMs: number): number {
    if (this.#pending && sameEnv(env, this.#pending.env)) {
      return Math.max(0, Math.round(this.#pending.dueMs - performance.now()));
    }
    this.cancel();
    this.#pending = {
      env,
      at: isoIn(delayMs),
      dueMs: performance.now() + delayMs,
      timer: setTimeout(() => {
        this.#pending = undefined;
        this.#restart();
      }, delayMs),
    };
    return delayMs;
  }

  cancel(): void {
    clearTimeout(this.#pending?.timer);
    this.#pending = undefined;
  }
}
