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

  it.each([1, 1000, 65_536, 150_000, 400_000])('keeps a long end, in chunks of %i', (size) => {
    const data = Buffer.from(Array.from({ length: 400_000 }, (_, at) => (at * 31 + (at >> 8)) & 0xff));
    for (const limit of [0, 65_536, 200_001]) {
      const tail = new OutputTail(limit);
      for (let at = 0; at < data.length; at += size) tail.write(data.subarray(at, at + size));
      expect(Buffer.from(tail.bytes()).equals(data.subarray(data.length - limit))).toBe(true);
    }
  });

  it('hands out what it held, whatever is written afterwards', () => {
    const tail = new OutputTail(4);
    tail.write(Buffer.from('abcd'));
    const before = tail.bytes();
    tail.write(Buffer.from('efgh'));
    expect(Buffer.from(before).toString()).toBe('abcd');
  });
});
