import { describe, expect, it } from 'vitest';
import { OutputTail } from './output-tail.js';

describe('OutputTail', () => {
  it('keeps everything up to the limit', () => {
    const tail = new OutputTail(6);
    tail.write(Buffer.from('abc'));
    tail.write(Buffer.from('def'));
    expect(Buffer.from(tail.bytes()).toString()).toBe('abcdef');
    expect(tail.truncated).toBe(false);
  });

  it('keeps the last bytes beyond it, whatever the chunks', () => {
    const text = Array.from({ length: 1000 }, (_, at) => String(at)).join(',');
    for (const size of [1, 3, 7, 500, text.length]) {
      const tail = new OutputTail(64);
      for (let at = 0; at < text.length; at += size) tail.write(Buffer.from(text.slice(at, at + size)));
      expect(Buffer.from(tail.bytes()).toString()).toBe(text.slice(-64));
      expect(tail.truncated).toBe(true);
    }
  });
});
