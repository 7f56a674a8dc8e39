import { parse } from 'dotenv';
import { describe, expect, it } from 'vitest';
import { type EnvProblem, EnvWatchError } from './env-watch-error.js';
import { parseEnv } from './parse-env.js';

describe('parseEnv', () => {
  it('reads what dotenv reads', () => {
    const text = [
      '# comment',
      '',
      'PLAIN=one',
      ' export SPACED = two words # comment',
      'EMPTY=',
      "SINGLE='a # b'",
      'DOUBLE="line\\nbreak"',
      'MULTI="first',
      'second=x"',
      'BACK=`tick "q"`',
      'ESCAPED="say \\"hi\\""',
      'WINDOWS="C:\\dir\\"',
      'yaml: value',
      'dotted.key-x=1',
      'LAST=1',
      'LAST=2',
    ].join('\r\n');
    expect(parseEnv(text)).toEqual(parse(text));
    expect(parseEnv(text)).toMatchObject({
      SPACED: 'two words',
      MULTI: 'first\nsecond=x',
      EMPTY: '',
      LAST: '2',
    });
  });

  it('agrees with dotenv on every text that it accepts', () => {
    const tokens = ['A', 'B', '=', '=', ':', ' ', "'", '"', '`', '\\', '#', '\n', '\n', '\t', 'export ', 'x'];
    const random = seededRandom(1);
    let accepted = 0;
    for (let round = 0; round < 100_000; round += 1) {
      const length = 1 + Math.floor(random() * 14);
      const text = Array.from({ length }, () => tokens[Math.floor(random() * tokens.length)]).join('');
      const values = valuesOrUndefined(text);
      if (!values) continue;
      accepted += 1;
      expect(values, JSON.stringify(text)).toEqual(parse(text));
    }
    expect(accepted).toBeGreaterThan(5_000);
  });

  it.each<[string, EnvProblem, number, number]>([
    ['A=1\nFOO bar\n', 'missing-equals', 2, 1],
    ['A=1\n  nonsense', 'missing-equals', 2, 3],
    ['export A', 'missing-equals', 1, 8],
    ['A B=1', 'bad-key', 1, 1],
    ['=1', 'bad-key', 1, 1],
    ['A=1\n{"A"=1}', 'bad-key', 2, 1],
    ['__proto__=1', 'bad-key', 1, 1],
    ['A=1\nB="open\nC=2\n', 'unterminated-quote', 2, 3],
    ['B="open\nC="x"\n', 'unterminated-quote', 1, 3],
    ["A='it's'", 'text-after-quote', 1, 7],
    ['A="x" y', 'text-after-quote', 1, 6],
    ['A=1\r\nB=\0', 'nul-character', 2, 3],
    ['A="multi\nline"\nB', 'missing-equals', 3, 1],
  ])('refuses %j as %s at %i:%i', (text, problem, line, column) => {
    expect(errorOf(text).details).toEqual({ file: 'some.env', line, column, problem });
  });

  it('refuses bytes that are not UTF-8 where they are', () => {
    const bytes = Buffer.concat([Buffer.from('A=1\nB=x'), Buffer.from([0xff]), Buffer.from('\n')]);
    expect(errorOf(bytes).details).toMatchObject({ problem: 'not-utf8', line: 2, column: 4 });
  });

  it('ignores a byte order mark', () => {
    expect(parseEnv('\uFEFFA=1')).toEqual({ A: '1' });
    expect(parseEnv(Buffer.from('\uFEFFA=1'))).toEqual({ A: '1' });
  });

  it('never puts content into the error', () => {
    for (const text of ['hunter2', 'A="hunter2', "A='x' hunter2", 'hunter2 x=1', 'A=hunter2\0']) {
      const error = errorOf(text);
      expect(JSON.stringify(error) + error.message + error.stack).not.toContain('hunter2');
    }
  });

  it('does not choke on hostile content', () => {
    expect(parseEnv(`# c\n${'\n'.repeat(1_000_000)}A=1`)).toEqual({ A: '1' });
    expect(Object.keys(parseEnv(`A="${'\\"#'.repeat(300_000)}"`))).toEqual(['A']);
    expect(parseEnv('A=1\n'.repeat(250_000))).toEqual({ A: '1' });
  });
});

function errorOf(content: string | Uint8Array): EnvWatchError {
  try {
    parseEnv(content, 'some.env');
  } catch (error) {
    if (error instanceof EnvWatchError) return error;
    throw error;
  }
  throw new Error(`parsed without an error: ${JSON.stringify(content)}`);
}

function valuesOrUndefined(text: string) {
  try {
    return parseEnv(text);
  } catch (error) {
    if (error instanceof EnvWatchError) return undefined;
    throw error;
  }
}

function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
