import { parseEnv } from '@iterate/env-watch';
import { parse } from 'dotenv';
import { describe, expect, it } from 'vitest';
import { quoteEnvValue } from './quote-env-value.js';

/** The value as dotenv and pidnap read it between neighbours that a wrong quote would swallow or spoil. */
function readBack(value: string): unknown {
  const text = `BEFORE='b'\nKEY=${quoteEnvValue('KEY', value)}\nAFTER='a'\nLAST="z"\n`;
  const parsed = parse(Buffer.from(text));
  expect(parseEnv(text)).toEqual(parsed);
  return { ...parsed, keys: Object.keys(parsed) };
}

function whole(value: string): unknown {
  return { BEFORE: 'b', KEY: value, AFTER: 'a', LAST: 'z', keys: ['BEFORE', 'KEY', 'AFTER', 'LAST'] };
}

describe('quoteEnvValue', () => {
  it.each([
    ['a token', 'sk-ant-api03_AbC=='],
    ['nothing', ''],
    ['spaces around', '  padded\t'],
    ['a dollar', 'pa$$word $\u007bHOME} $(id)'],
    ['a hash', 'before #after'],
    ['a single quote', "it's"],
    ['double quotes', 'say "hi"'],
    ['both quotes', `it's "so" #1`],
    ['a backtick', 'a`b'],
    ['all three quotes', `a'b"c\`d`],
    ['line breaks', 'one\ntwo\n\nfour\n'],
    ['a private key', '-----BEGIN KEY-----\nMIIB#+/=\n-----END KEY-----\n'],
    ['carriage returns', 'one\r\ntwo\r'],
    ['an escape that is none', 'C:\\new\\reports'],
    ['a service account', JSON.stringify({ key: '-----BEGIN\nabc\n', name: "o'neil" })],
    ['a final backslash', 'C:\\dir\\'],
    ['lines that look like keys', 'A=1\nAFTER=2\nexport B=3'],
    ['letters of the world', 'grüße 你好 🚀 \u00a0 \u2028'],
    ['a key and a comment', '# KEY=1'],
    ['control characters', 'bell\u0007 escape\u001b[0m'],
  ])('keeps %s', (_name, value) => {
    expect(readBack(value)).toEqual(whole(value));
  });

  it('keeps any mixture it accepts, and refuses few', () => {
    const parts = ["'", '"', '`', '\\', '\\n', '\\r', '\n', '\r', '#', '$', ' ', '=', 'a', 'export X=1', 'é'];
    let seed = 42;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    let refused = 0;
    for (let round = 0; round < 5_000; round++) {
      const value = Array.from({ length: random(7) }, () => parts[random(parts.length)] ?? '').join('');
      try {
        quoteEnvValue('KEY', value);
      } catch (error) {
        expect(error).toMatchObject({ code: 'env-value-unrepresentable', details: { key: 'KEY' } });
        refused++;
        continue;
      }
      expect(readBack(value), JSON.stringify(value)).toEqual(whole(value));
    }
    expect(refused).toBeLessThan(1_500);
  });

  it('refuses what no form can hold, and does not repeat it', () => {
    const secret = `'"\`\ns3cret`;
    expect(() => quoteEnvValue('KEY', secret)).toThrow(
      expect.objectContaining({
        code: 'env-value-unrepresentable',
        message: expect.not.stringContaining('s3cret'),
      }),
    );
  });
});
