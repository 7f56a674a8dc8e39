import { expect, it } from 'vitest';
import { formatDuration } from './format-duration.js';

it.each([
  [-5, '0 s'],
  [999, '0 s'],
  [8_000, '8 s'],
  [60_000, '1 min'],
  [725_000, '12 min 5 s'],
  [3_605_000, '1 h'],
  [273_600_000, '3 d 4 h'],
])('formats %d ms as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
