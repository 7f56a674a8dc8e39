import type { Dependency, ProbeKind, UnitSpec } from '../config/spec.js';
import type { Env } from '../env/effective-env.js';
import type { Launch } from '../process/launch.js';
import type { ExitInfo } from '../protocol/info.js';
import type { ProcessState } from '../protocol/process-state.js';
import type { Unit } from './unit.js';

/** Whether the dependencies allow a start. */
export type Gate =
  | { readonly type: 'open' }
  | { readonly type: 'wait'; readonly message: string }
  | { readonly type: 'blocked'; readonly message: string };

/** What a unit needs of its manager. */
export interface UnitHost {
  readonly instance: string;
  readonly launch: Launch;
  gate(dependsOn: readonly Dependency[]): Gate;
  /** The effective environment as it is now. */
  env(spec: UnitSpec): Env;
  groupStarted(pgid: number): void;
  groupEnded(pgid: number): void;
  onState(unit: Unit, from: ProcessState): void;
  onExit(unit: Unit, pid: number | null, exit: ExitInfo): void;
  onProbe(unit: Unit, probe: ProbeKind, ok: boolean, message: string): void;
  onWarning(unit: Unit, message: string): void;
}
