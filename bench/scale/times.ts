import { median } from '../supervisors/statistics.js';

/** How long each kind of call took. */
export class Times {
  readonly #taken = new Map<string, number[]>();

  async of<Result>(kind: string, call: () => Promise<Result>): Promise<Result> {
    const startedAt = performance.now();
    const result = await call();
    const taken = this.#taken.get(kind) ?? [];
    taken.push(performance.now() - startedAt);
    this.#taken.set(kind, taken);
    return result;
  }

  /** A line per kind. */
  report(): string {
    const lines = [...this.#taken].map(([kind, taken]) => {
      const sorted = taken.toSorted((a, b) => a - b);
      const p95 = sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Number.NaN;
      const ms = (value: number) => `${value.toFixed(0).padStart(6)} ms`;
      return `${kind.padEnd(8)} p50 ${ms(median(sorted))}  p95 ${ms(p95)}  most ${ms(sorted.at(-1) ?? Number.NaN)}`;
    });
    return lines.join('\n');
  }
}
