import { describe, expect, it } from 'vitest';
import { LineSplitter, labelLine, splitLabelled } from './labelled-lines.js';

describe('LineSplitter', () => {
  it('gives the same lines however the bytes are cut', () => {
    const bytes = Buffer.from('one\n\ntwo €\nrest');
    for (let size = 1; size <= bytes.length; size += 1) {
      const splitter = new LineSplitter();
      const lines: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size)
        lines.push(...splitter.push(bytes.subarray(at, at + size)));
      expect([...lines, ...splitter.flush()].map(String)).toEqual(['one', '', 'two €', 'rest']);
      expect(splitter.flush()).toEqual([]);
    }
  });
});

describe('labelLine', () => {
  it('loses NUL bytes and ends every line, as the service does', () => {
    expect(labelLine('stdout', Buffer.from('a\0b'))).toEqual(Buffer.from('\u0001\u0001\u0001ab\n'));
    expect(labelLine('stderr', Buffer.from(''))).toEqual(Buffer.from('\u0002\u0002\u0002\n'));
  });

  it('is taken apart again by splitLabelled, in order', () => {
    const log = Buffer.concat([
      labelLine('stdout', Buffer.from('a')),
      labelLine('stderr', Buffer.from('b')),
      labelLine('stdout', Buffer.from('c')),
    ]);
    expect(splitLabelled(log)).toEqual({ output: 'a\nb\nc\n', stdout: 'a\nc\n', stderr: 'b\n' });
  });
});
