import { isDeepStrictEqual } from 'node:util';
import type { Spec, UnitSpec } from '../config/spec.js';

/** Names by what a new configuration means for them. */
export interface SpecDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Something that only a new run can take on has changed. */
  readonly restart: readonly string[];
  /** Something else has changed. */
  readonly update: readonly string[];
  readonly unchanged: readonly string[];
}

/** What a running child was given and keeps. The environment is compared by its effect, not here. */
const runFields = [
  'kind',
  'argv',
  'cwd',
  'user',
  'probes',
  'timeout',
] as const satisfies readonly (keyof UnitSpec)[];

/** What belongs to the log, which is opened anew. */
const logFields = ['logs', 'logFile'] as const satisfies readonly (keyof UnitSpec)[];

/** Compares the tasks and processes of two configurations. */
export function diffSpecs(before: Spec, after: Spec): SpecDiff {
  const names = (keep: (old: UnitSpec | undefined, next: UnitSpec | undefined) => boolean): string[] =>
    [...new Set([...before.units.keys(), ...after.units.keys()])].filter((name) =>
      keep(before.units.get(name), after.units.get(name)),
    );
  return {
    added: names((old, next) => next !== undefined && old?.kind !== next.kind),
    removed: names((old, next) => old !== undefined && old.kind !== next?.kind),
    restart: names((old, next) => both(old, next) && needsRun(old, next)),
    update: names((old, next) => both(old, next) && !needsRun(old, next) && !isDeepStrictEqual(old, next)),
    unchanged: names((old, next) => both(old, next) && isDeepStrictEqual(old, next)),
  };
}

/** Settings of the manager itself that only a new manager can take on, named if they differ. */
export function fixedSettings(before: Spec, after: Spec): string[] {
  return (['http', 'logDir'] as const).filter((key) => !isDeepStrictEqual(before[key], after[key]));
}

function both(old: UnitSpec | undefined, next: UnitSpec | undefined): old is UnitSpec {
  return old !== undefined && next !== undefined && old.kind === next.kind;
}

function needsRun(old: UnitSpec, next: UnitSpec | undefined): boolean {
  return [...runFields, ...logFields].some((field) => !isDeepStrictEqual(old[field], next?.[field]));
}
