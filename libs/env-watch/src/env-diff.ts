import type { EnvValues } from './env-values.js';

/** Key names only, each list sorted, so that a diff can be logged without showing a value. */
export interface EnvDiff {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Compares two sets of values; `undefined` when they are equal. */
export function diffEnv(before: EnvValues, after: EnvValues): EnvDiff | undefined {
  const added = Object.keys(after).filter((key) => !Object.hasOwn(before, key));
  const removed = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  const changed = Object.keys(after).filter(
    (key) => Object.hasOwn(before, key) && before[key] !== after[key],
  );
  if (added.length + removed.length + changed.length === 0) return undefined;
  return { added: added.sort(), changed: changed.sort(), removed: removed.sort() };
}
