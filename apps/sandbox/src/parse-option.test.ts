import { describe, expect, it } from 'vitest';
import { parseLines, parsePort, parseSeconds } from './parse-option.js';

describe('parsePort', () => {
  it('collects pairs', () => {
    const first = parsePort('3000=8080', new Map());
    expect([...parsePort('4096=8081', first)]).toEqual([
      [3000, 8080],
      [4096, 8081],
    ]);
  });

  it.each(['3000', '3000=', '=80', '0=80', '3000=70000', 'a=b', '3000=8080.5'])('refuses %s', (value) => {
    expect(() => parsePort(value, new Map())).toThrow('such as 3000=8080');
  });

  it('refuses one host port for two', () => {
    expect(() => parsePort('4096=80', new Map([[3000, 80]]))).toThrow('named twice');
  });
});

describe('parseSeconds', () => {
  it.each([
    ['1', 1],
    ['0.5', 0.5],
  ])('takes %s', (value, seconds) => expect(parseSeconds(value)).toBe(seconds));
  it.each(['0', '-1', '', ' ', 'ten', 'Infinity'])('refuses "%s"', (value) => {
    expect(() => parseSeconds(value)).toThrow('above zero');
  });
});

describe('parseLines', () => {
  it.each([
    ['0', 0],
    ['100', 100],
  ])('takes %s', (value, lines) => expect(parseLines(value)).toBe(lines));
  it.each(['-1', '1.5', 'all'])('refuses %s', (value) =>
    expect(() => parseLines(value)).toThrow('whole number'),
  );
});
