import { median } from '../up/measure.js';

/** Two ways to do one thing; each resolves to what it took, in ms. */
export interface Contest {
  readonly ours: () => Promise<number>;
  readonly peer: () => Promise<number>;
}

/** Medians over the rounds. */
export interface Outcome {
  readonly oursMs: number;
  readonly peerMs: number;
  /** Ours by the peer's: the median of the ratios of the rounds, so that load which comes and goes hits both. */
  readonly ratio: number;
}

/** Runs both in turns, each first in every other round, after one round that does not count. */
export async function interleaved(rounds: number, { ours, peer }: Contest): Promise<Outcome> {
  const taken: Array<{ ours: number; peer: number }> = [];
  for (let round = 0; round <= rounds; round += 1) {
    if (round % 2 === 0) taken.push({ ours: await ours(), peer: await peer() });
    else {
      const first = await peer();
      taken.push({ ours: await ours(), peer: first });
    }
  }
  const counted = taken.slice(1);
  return {
    oursMs: median(counted.map((round) => round.ours)),
    peerMs: median(counted.map((round) => round.peer)),
    ratio: median(counted.map((round) => round.ours / round.peer)),
  };
}
