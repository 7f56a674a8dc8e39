import { expect, it } from 'vitest';
import { diffEnv } from './env-diff.js';

it('names what was added, changed and removed, sorted', () => {
  const before = { SAME: '1', B_GONE: 'x', A_GONE: 'x', CHANGED: '1' };
  const after = { SAME: '1', CHANGED: '2', Z_NEW: '', A_NEW: '' };
  expect(diffEnv(before, after)).toEqual({
    added: ['A_NEW', 'Z_NEW'],
    changed: ['CHANGED'],
    removed: ['A_GONE', 'B_GONE'],
  });
});

it('is undefined for equal values in another order', () => {
  expect(diffEnv({ A: '1', B: '2' }, { B: '2', A: '1' })).toBeUndefined();
});

it('is not misled by names that every object has', () => {
  expect(diffEnv({}, { constructor: 'x' })).toEqual({ added: ['constructor'], changed: [], removed: [] });
});
