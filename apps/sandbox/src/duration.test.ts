import { describe, expect, it } from 'vitest';
import { parseDuration, shortDuration } from './duration.js';

describe('durations', () => {
  it.each([
    ['90s', 90_000],
    ['1.5m', 90_000],
    ['8h', 28_800_000],
    ['2d', 172_800_000],
  ])('reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['', '8', 'h', '0m', '-1h', '8 h', '1w'])('refuses "%s"', (text) => {
    expect(() => parseDuration(text)).toThrow('such as 90s, 30m, 8h or 2d');
  });

  it.each([
    [-5, '0s'],
    [999, '0s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [3_599_999, '59m'],
    [86_400_000, '1d'],
  ])('writes %d ms as %s', (ms, text) => expect(shortDuration(ms)).toBe(text));
});
