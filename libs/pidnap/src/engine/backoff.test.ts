import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff.js';

const spec = {
  backoff: { initial: 100, factor: 2, max: 1000, jitter: 0 },
  minUptime: 5000,
  crashLoop: { failures: 4, window: 60_000, retryEvery: 30_000 },
} as const;

describe('Backoff', () => {
  it('doubles the delay up to the cap', () => {
    const backoff = new Backoff();
    const free = { ...spec, crashLoop: null };
    const delays = Array.from({ length: 6 }, (_, i) => backoff.next(free, 0, i).delayMs);
    expect(delays).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  it('keeps its first and its longest delay over any number of failures', () => {
    for (const [initial, last] of [
      [0, 0],
      [100, 1000],
    ] as const) {
      const backoff = new Backoff();
      const endless = { ...spec, crashLoop: null, backoff: { ...spec.backoff, initial } };
      const delays = Array.from({ length: 2_000 }, (_, i) => backoff.next(endless, 0, i).delayMs);
      expect(delays.at(0)).toBe(initial);
      expect(delays.at(-1)).toBe(last);
    }
  });

  it('starts over after a run of minUptime', () => {
    const backoff = new Backoff();
    backoff.next(spec, 0, 0);
    backoff.next(spec, 0, 1);
    expect(backoff.next(spec, 5000, 2).delayMs).toBe(100);
    expect(backoff.failures).toBe(1);
  });

  it('calls it a crash loop at the limit and stays with slow retries, however far apart', () => {
    const backoff = new Backoff();
    const verdicts = [0, 1, 2, 3, 100_000, 200_000].map((now) => backoff.next(spec, 0, now).type);
    expect(verdicts).toEqual(['retry', 'retry', 'retry', 'crash-loop', 'crash-loop', 'crash-loop']);
    expect(backoff.next(spec, 5000, 300_000)).toEqual({ type: 'retry', delayMs: 100 });
  });

  it('does not count failures outside of the window', () => {
    const backoff = new Backoff();
    const verdicts = [0, 30_000, 60_000, 90_000].map((now) => backoff.next(spec, 0, now).type);
    expect(verdicts).toEqual(['retry', 'retry', 'retry', 'retry']);
  });

  it('spreads delays by the jitter, both ways', () => {
    const jittered = { ...spec, backoff: { ...spec.backoff, jitter: 0.2 } };
    expect(new Backoff(() => 0).next(jittered, 0, 0).delayMs).toBe(80);
    expect(new Backoff(() => 1).next(jittered, 0, 0).delayMs).toBe(120);
  });

  it('restarts at once with an initial delay of 0, every time', () => {
    const backoff = new Backoff();
    const none = { ...spec, backoff: { ...spec.backoff, initial: 0 }, crashLoop: null };
    expect([0, 1, 2].map((now) => backoff.next(none, 0, now).delayMs)).toEqual([0, 0, 0]);
  });
});
