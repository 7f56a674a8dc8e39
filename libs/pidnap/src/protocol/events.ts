import type { ExitInfo, ReloadResult, StateReason } from './info.js';
import type { DesiredState, ProcessState } from './process-state.js';

interface EventBase {
  /** Grows by one with each event of an instance; the cursor for replay. */
  readonly id: number;
  /** ISO time. */
  readonly at: string;
}

/** A process or a task went from one state to another. */
export interface StateEvent extends EventBase {
  readonly type: 'process.state' | 'task.state';
  readonly name: string;
  readonly from: ProcessState;
  readonly to: ProcessState;
  readonly desired: DesiredState;
  readonly pid: number | null;
  /** The cause: of a restart, of a stop, of a failure. */
  readonly reason: StateReason | null;
}

/** A child ended, wanted or not. */
export interface ExitEvent extends EventBase {
  readonly type: 'process.exit' | 'task.exit';
  readonly name: string;
  readonly pid: number | null;
  readonly exit: ExitInfo;
}

/** A probe changed its verdict. */
export interface ProbeEvent extends EventBase {
  readonly type: 'process.probe';
  readonly name: string;
  readonly probe: 'startup' | 'readiness' | 'liveness';
  readonly ok: boolean;
  readonly message: string;
}

/** A watched env file changed: key names only, never values. */
export interface EnvEvent extends EventBase {
  readonly type: 'env.changed';
  /** `null` for the global file, otherwise the process the file belongs to. */
  readonly name: string | null;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** Processes whose effective env differs now, and in how many ms each restarts. */
  readonly restarts: readonly { readonly name: string; readonly inMs: number }[];
}

/** A watched env file could not be read; the last good values stay in force. */
export interface EnvErrorEvent extends EventBase {
  readonly type: 'env.error';
  readonly name: string | null;
  readonly message: string;
}

/** Output of a service was lost because its log could not be written. */
export interface LogDroppedEvent extends EventBase {
  readonly type: 'log.dropped';
  readonly name: string;
  readonly message: string;
}

/** The configuration was applied anew. */
export interface ReloadEvent extends EventBase {
  readonly type: 'manager.reloaded';
  readonly result: ReloadResult;
}

/** The manager itself: started, all ready for the first time, or ending. */
export interface ManagerEvent extends EventBase {
  readonly type: 'manager.started' | 'manager.ready' | 'manager.stopping';
  readonly message: string;
}

/** Events between the asked cursor and the oldest kept one are gone. */
export interface GapEvent extends EventBase {
  readonly type: 'events.gap';
  /** How many events were missed. */
  readonly missed: number;
}

/** Everything the event stream can carry; `type` tells them apart. */
export type PidnapEvent =
  | StateEvent
  | ExitEvent
  | ProbeEvent
  | EnvEvent
  | EnvErrorEvent
  | LogDroppedEvent
  | ReloadEvent
  | ManagerEvent
  | GapEvent;
