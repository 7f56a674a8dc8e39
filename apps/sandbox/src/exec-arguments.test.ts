import { describe, expect, it } from 'vitest';
import { splitExecArguments } from './exec-arguments.js';

// The first list is what commander leaves: without the `--` when no name is before it, with it otherwise.
describe('splitExecArguments', () => {
  it.each([
    ['no name', ['git', 'status'], ['exec', '--', 'git', 'status'], undefined, ['git', 'status']],
    ['a name', ['web', '--', 'ls', '-la'], ['exec', 'web', '--', 'ls', '-la'], 'web', ['ls', '-la']],
    ['no dashes', ['git', 'status'], ['exec', 'git', 'status'], undefined, ['git', 'status']],
    [
      'dashes in the command',
      ['npm', '--', 'x'],
      ['exec', '--', 'npm', '--', 'x'],
      undefined,
      ['npm', '--', 'x'],
    ],
    ['an option', ['web', '--', 'id'], ['exec', '-u', 'root', 'web', '--', 'id'], 'web', ['id']],
  ])('with %s', (_, args, typed, name, argv) => {
    expect(splitExecArguments(args, ['node', 'cli', ...typed])).toEqual({ name, argv });
  });

  it.each([
    ['no command', [], ['exec']],
    ['nothing after the dashes', ['web', '--'], ['exec', 'web', '--']],
    ['two names', ['web', 'api', '--', 'ls'], ['exec', 'web', 'api', '--', 'ls']],
  ])('refuses %s', (_, args, typed) => {
    expect(() => splitExecArguments(args, typed)).toThrow(expect.objectContaining({ code: 'Usage' }));
  });
});
