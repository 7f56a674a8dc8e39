import { describe, expect, it } from 'vitest';
import { parsePathStat } from './path-stat.js';

const header = (mode: number, linkTarget = '') =>
  Buffer.from(
    JSON.stringify({ name: 'x', size: 12, mode, mtime: '2026-01-02T03:04:05.678+01:00', linkTarget }),
  ).toString('base64');

describe('parsePathStat', () => {
  // Values as an engine sends them: Go's os.FileMode.
  it.each([
    [0o644, { type: 'file', mode: 0o644 }],
    [2 ** 31 + 0o755, { type: 'directory', mode: 0o755 }],
    [2 ** 31 + 2 ** 20 + 0o777, { type: 'directory', mode: 0o777 }],
    [2 ** 27 + 0o777, { type: 'symlink', mode: 0o777 }],
    [2 ** 23 + 0o755, { type: 'file', mode: 0o755 }],
    [2 ** 26 + 2 ** 21 + 0o666, { type: 'other', mode: 0o666 }],
    [2 ** 25 + 0o644, { type: 'other', mode: 0o644 }],
    [2 ** 24 + 0o755, { type: 'other', mode: 0o755 }],
  ])('reads the mode %d', (mode, expected) => expect(parsePathStat(header(mode))).toMatchObject(expected));

  it('reads size, time and where a symlink leads', () => {
    expect(parsePathStat(header(2 ** 27 + 0o777, '/usr/bin'))).toEqual({
      type: 'symlink',
      mode: 0o777,
      size: 12,
      modifiedAt: new Date('2026-01-02T02:04:05.678Z'),
      target: '/usr/bin',
    });
  });
});
