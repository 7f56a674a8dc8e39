import { EnvWatchError, parseEnv } from '@iterate/env-watch';
import { describe, expect, it } from 'vitest';
import { editEnvText, findAssignments } from './env-document.js';

const edit = (text: string, set: Record<string, string>, remove: string[] = []): string =>
  editEnvText(text, { set: new Map(Object.entries(set)), remove: new Set(remove) });

describe('findAssignments', () => {
  it('finds every form dotenv reads, with its line', () => {
    const text = [
      '# a comment with A=1',
      'PLAIN=1',
      '  export SPACED = two # note',
      'YAML: three',
      "MULTI='a",
      'NOT_A_KEY=1',
      "b'  # end",
      'EMPTY=',
      'garbage line',
      'LAST="x"',
    ].join('\n');
    const found = findAssignments(text).map(({ key, line, valueStart, valueEnd }) => [
      key,
      line,
      text.slice(valueStart, valueEnd),
    ]);
    expect(found).toEqual([
      ['PLAIN', 2, '1'],
      ['SPACED', 3, 'two'],
      ['YAML', 4, 'three'],
      ['MULTI', 5, "'a\nNOT_A_KEY=1\nb'"],
      ['EMPTY', 8, ''],
      ['LAST', 10, '"x"'],
    ]);
  });
});

describe('editEnvText', () => {
  it('replaces a value and keeps comments, order, spacing and unrelated lines', () => {
    const text = '# head\n\n  export A = 1 # why\nB="two\nlines"\n\n# tail\n';
    expect(edit(text, { A: '9' })).toBe('# head\n\n  export A = 9 # why\nB="two\nlines"\n\n# tail\n');
    expect(edit(text, { B: '9' })).toBe('# head\n\n  export A = 1 # why\nB=9\n\n# tail\n');
  });

  it('appends new keys after a last line without a line break', () => {
    expect(edit('A=1', { B: '2', C: '3' })).toBe('A=1\nB=2\nC=3\n');
    expect(edit('', { B: '2' })).toBe('B=2\n');
  });

  it('keeps Windows line breaks', () => {
    expect(edit('A=1\r\nB=2\r\n', { A: '3', C: '4' })).toBe('A=3\r\nB=2\r\nC=4\r\n');
  });

  it('removes all lines of a key', () => {
    expect(edit("A=1\nB='x\ny'\nC=3\nB=4\n", {}, ['B'])).toBe('A=1\nC=3\n');
  });

  it('keeps only the last place of a key that is there twice', () => {
    expect(edit('A=1\nB=2\nA=3\n', { A: '9' })).toBe('B=2\nA=9\n');
  });

  it('keeps a comment apart from a value that was empty', () => {
    expect(edit('A= # note\n', { A: '1' })).toBe('A= 1 # note\n');
    expect(edit('A=#note\n', { A: '1' })).toBe('A=1 #note\n');
  });

  it('changes what it is told and nothing else, in any valid file', () => {
    const parts = [
      'A=1',
      'B=',
      'export C',
      ' = ',
      ': ',
      '"x y"',
      "'x\ny'",
      '`#`',
      ' # n',
      '#',
      '\n',
      '\r\n',
      '\\',
      ' ',
      'D=a b',
    ];
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    let edited = 0;
    for (let round = 0; round < 20_000; round++) {
      const text = Array.from({ length: random(12) }, () => parts[random(parts.length)] ?? '').join('');
      const before = valuesOf(text);
      if (before === null) continue;
      const { B: _removed, ...rest } = before;
      const after = edit(text, { A: "'new #1'", E: 'added' }, ['B']);
      expect(valuesOf(after), JSON.stringify([text, after])).toEqual({ ...rest, A: 'new #1', E: 'added' });
      edited++;
    }
    expect(edited).toBeGreaterThan(3_000);
  });
});

/** `null` for a text that is not valid. */
function valuesOf(text: string): Readonly<Record<string, string>> | null {
  try {
    return parseEnv(text);
  } catch (error) {
    if (error instanceof EnvWatchError) return null;
    throw error;
  }
}
