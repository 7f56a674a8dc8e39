import { describe, expect, it } from 'vitest';
import { LabelledLineParser } from './labelled-lines.js';

const log = Buffer.from(
  '\u0001\u0001\u0001out\n\u0002\u0002\u0002err €\nstill err\n\u0001\u0001\u0001last\n',
);

describe('LabelledLineParser', () => {
  it('gives the same lines however the log is cut', () => {
    const whole = new LabelledLineParser().push(log);
    expect(whole).toEqual([
      { stream: 'stdout', text: 'out' },
      { stream: 'stderr', text: 'err €' },
      { stream: 'stderr', text: 'still err' },
      { stream: 'stdout', text: 'last' },
    ]);
    for (let size = 1; size < log.length; size += 1) {
      const parser = new LabelledLineParser();
      const lines = [];
      for (let at = 0; at < log.length; at += size) lines.push(...parser.push(log.subarray(at, at + size)));
      expect(lines).toEqual(whole);
    }
  });
});
