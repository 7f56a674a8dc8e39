import type { Outcome } from './interleaved.js';

/** One line of the table: what was measured, beside whom, and what is wanted. */
export interface Line {
  readonly what: string;
  readonly peer: string;
  readonly outcome: Outcome;
  /** At most so many times the peer's time. Left out: for information. */
  readonly atMost?: number;
  /** Bytes moved: the times are then printed as throughput, and the bar is the share of the peer's. */
  readonly bytes?: number;
}

const COLUMNS = [50, 12, 36, 9] as const;

export function printHeading(title: string): void {
  const [what, figure, peer, ratio] = COLUMNS;
  process.stdout.write(
    `\n${title.padEnd(what)} ${'ours'.padStart(figure)}   ${'peer'.padEnd(peer)} ${'ratio'.padStart(ratio)}\n`,
  );
}

/** @returns whether the bar is met. */
export function printLine({ what, peer, outcome, atMost, bytes }: Line): boolean {
  const figure = (ms: number) =>
    bytes === undefined ? `${ms.toFixed(1)} ms` : `${(bytes / 1e6 / (ms / 1000)).toFixed(0)} MB/s`;
  const ratio = bytes === undefined ? outcome.ratio : 1 / outcome.ratio;
  const met = atMost === undefined || outcome.ratio <= atMost;
  const bar =
    atMost === undefined
      ? ''
      : `   bar ${bytes === undefined ? `≤ ${atMost}` : `≥ ${1 / atMost}`} ${met ? 'met' : 'MISSED'}`;
  const [whatWidth, figureWidth, peerWidth, ratioWidth] = COLUMNS;
  process.stdout.write(
    `${what.padEnd(whatWidth)} ${figure(outcome.oursMs).padStart(figureWidth)}   ` +
      `${`${figure(outcome.peerMs)} ${peer}`.padEnd(peerWidth)} ${ratio.toFixed(2).padStart(ratioWidth)}${bar}\n`,
  );
  return met;
}

/** @returns whether the bar is met. */
export function printMemory(what: string, bytes: number, atMost: number): boolean {
  const met = bytes <= atMost;
  const megabytes = (value: number) => `${(value / 1e6).toFixed(0)} MB`;
  process.stdout.write(
    `${`  ${what}`.padEnd(COLUMNS[0])} ${megabytes(bytes).padStart(COLUMNS[1])}   bar ≤ ${megabytes(atMost)} ${met ? 'met' : 'MISSED'}\n`,
  );
  return met;
}
