import type { RunningSupervisor } from './adapter.js';
import { isAlive, tree } from './proc.js';

/** How long a graceful end may take before everything is killed. */
const STOP_LIMIT_MS = 90_000;

/** A supervisor for the length of one measurement, ended with all that it started however that goes. */
export class Session<S extends RunningSupervisor> implements AsyncDisposable {
  readonly supervisor: S;
  #ended: Promise<void> | undefined;

  constructor(supervisor: S) {
    this.supervisor = supervisor;
  }

  /** Ends it gracefully, and kills what that leaves behind, so that the next measurement starts clean. */
  end(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }

  async #end(): Promise<void> {
    const all = tree(this.supervisor.pid);
    const limit = new Promise<void>((resolve) => {
      setTimeout(resolve, STOP_LIMIT_MS).unref();
    });
    await Promise.race([this.supervisor.stop(), limit]);
    for (const pid of all) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }
}
