import { Cron } from 'croner';
import type { UnitSpec } from '../config/spec.js';

type Schedule = NonNullable<UnitSpec['schedule']>;

/** The times at which scheduled processes run. */
export class Scheduler {
  readonly #jobs = new Map<string, Cron>();

  set(name: string, schedule: Schedule | null, run: () => void): void {
    this.#jobs.get(name)?.stop();
    this.#jobs.delete(name);
    if (schedule) this.#jobs.set(name, new Cron(schedule.cron, cronOptions(schedule), run));
  }

  /** ISO time of the next run. */
  next(name: string): string | null {
    return this.#jobs.get(name)?.nextRun()?.toISOString() ?? null;
  }

  close(): void {
    for (const job of this.#jobs.values()) job.stop();
    this.#jobs.clear();
  }
}

function cronOptions({ timeZone }: Schedule): { unref: true; timezone?: string } {
  return { unref: true, ...(timeZone !== null && { timezone: timeZone }) };
}
