import { describe, expect, it } from 'vitest';
import { LineFormat, parseLogLine } from './line-format.js';

function format(stream: 'stdout' | 'stderr' | null): { lines: LineFormat; written: () => string } {
  let written = '';
  return { lines: new LineFormat(stream, (bytes) => (written += bytes.toString())), written: () => written };
}

const source = { name: 'x', kind: 'process' } as const;
const parsed = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => parseLogLine(line, source));

describe('LineFormat', () => {
  it('stamps each line once, however the chunks cut it', () => {
    const { lines, written } = format('stdout');
    for (const chunk of ['on', 'e\ntw', 'o\n', '\n', 'three\n']) lines.push(Buffer.from(chunk));
    expect(parsed(written()).map(({ text }) => text)).toEqual(['one', 'two', '', 'three']);
    for (const line of parsed(written())) expect(line).toMatchObject({ stream: 'stdout', partial: false });
    expect(written()).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z stdout F one\n/);
  });

  it('keeps bytes that are not text as they are', () => {
    const bytes = Buffer.from([0xff, 0x00, 0xc3, 0x28, 0x0a]);
    let raw = Buffer.alloc(0);
    new LineFormat(null, (lines) => (raw = Buffer.from(lines))).push(bytes);
    expect(raw).toEqual(bytes);
  });

  it('marks a flushed line as partial and goes on with a line of its own', () => {
    const { lines, written } = format('stderr');
    lines.push(Buffer.from('Password: '));
    expect(written()).toBe('');
    lines.flush();
    lines.flush();
    lines.push(Buffer.from('ok\n'));
    expect(parsed(written())).toMatchObject([
      { text: 'Password: ', partial: true, stream: 'stderr' },
      { text: 'ok', partial: false },
    ]);
  });

  it('cuts a line without an end instead of keeping it all', () => {
    const { lines, written } = format('stdout');
    for (let i = 0; i < 5; i++) lines.push(Buffer.alloc(60_000, 'x'));
    lines.push(Buffer.from('\n'));
    const all = parsed(written());
    expect(all.length).toBeGreaterThan(1);
    expect(all.map(({ text }) => text).join('')).toBe('x'.repeat(300_000));
    expect(all.map(({ partial }) => partial).at(-1)).toBe(false);
  });

  it('handles a chunk of nothing but line ends, which grows thirtyfold', () => {
    const { lines, written } = format('stdout');
    lines.push(Buffer.alloc(65_536, '\n'));
    expect(parsed(written())).toHaveLength(65_536);
  });

  it('reads a line that carries no stamp as it is', () => {
    expect(parseLogLine('2026 hello', source)).toMatchObject({
      time: null,
      stream: null,
      text: '2026 hello',
    });
  });
});
