import type { SupervisorAdapter } from './adapter.js';
import type { Payload } from './payload/build-payload.js';
import type { Scratch } from './scratch.js';

/** One number of one supervisor. */
export interface Figure {
  readonly supervisor: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What else was seen: all runs, notes on the setup. */
  readonly detail?: string;
}

export interface MeasureContext {
  readonly scratch: Scratch;
  readonly payload: Payload;
  /** Runs of which the median counts, where one run is short. */
  readonly runs: number;
  /** Lines of the log measurement. */
  readonly lines: number;
  /** Restarts of the growth measurement. */
  readonly restarts: number;
}

/** One thing to measure, the same way for every supervisor. */
export interface Measurement {
  readonly id: string;
  /** How the figures come about, for the report. */
  readonly method: string;
  /** Measures pidnap alone, since the peers have no such function. */
  readonly pidnapOnly?: boolean;
  measure(adapter: SupervisorAdapter, context: MeasureContext): Promise<Figure[]>;
}
