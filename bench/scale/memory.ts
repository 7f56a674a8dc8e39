import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const MB = 1e6;
/** Growth of the heap from the first reading to the last that still counts as none. */
const ALLOWED_MB = 4;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Readings of this process's memory after everything that is not used was let go. */
export class Memory {
  readonly #heaps: number[] = [];

  /** @returns the reading in words */
  async read(): Promise<string> {
    collect();
    await sleep(0);
    collect();
    const { heapUsed, rss, external } = process.memoryUsage();
    this.#heaps.push(heapUsed + external);
    const mb = (bytes: number) => `${(bytes / MB).toFixed(1)} MB`;
    return `used ${mb(heapUsed + external)}, resident ${mb(rss)}`;
  }

  /** First and last reading in words. */
  growth(): string {
    return [this.#heaps.at(0), this.#heaps.at(-1)]
      .map((bytes = 0) => `${(bytes / MB).toFixed(1)} MB`)
      .join(' → ');
  }

  isFlat(): boolean {
    const [first, ...others] = this.#heaps;
    const last = others.at(-1);
    // Fewer than two readings show nothing.
    return first !== undefined && last !== undefined && (last - first) / MB <= ALLOWED_MB;
  }
}
