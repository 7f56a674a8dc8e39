import { describe, expect, it } from 'vitest';
import { plainInit } from './plain-init.js';

describe('plainInit', () => {
  it.each([
    ['init', { config: '.' }],
    ['init -c dir', { config: 'dir' }],
    ['init --config a --config b -q', { config: 'b', quiet: true }],
    ['init --json-logs --logs --quiet', { config: '.', jsonLogs: true, logs: true, quiet: true }],
  ])('%s', (line, options) => {
    expect(plainInit(line.split(' '))).toEqual(options);
  });

  it.each([
    '',
    'status',
    '--json init',
    'init --help',
    'init -h',
    'init extra',
    'init -c',
    'init -c --logs',
    'init --config=x',
    'init -qc x',
    'init --url x',
    'init constructor',
  ])('leaves "%s" to the library', (line) => {
    expect(plainInit(line === '' ? [] : line.split(' '))).toBeUndefined();
  });
});
