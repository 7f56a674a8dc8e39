import type { DesiredState, ProcessState } from './process-state.js';

/** Why a process is in its state; `code` is for programs, `message` for people. */
export interface StateReason {
  readonly code:
    | 'dependency'
    | 'dependency-failed'
    | 'exit'
    | 'signal'
    | 'spawn-error'
    | 'startup-probe'
    | 'liveness-probe'
    | 'readiness-probe'
    | 'env-change'
    | 'config-change'
    | 'request'
    | 'schedule'
    | 'shutdown'
    | 'timeout'
    | 'too-many-failures';
  readonly message: string;
}

/** How a run ended. Exactly one of `code` and `signal` is set, or `error` when it never came to life. */
export interface ExitInfo {
  readonly code: number | null;
  readonly signal: string | null;
  /** The reason a spawn failed, such as a command that does not exist. */
  readonly error?: string;
  /** ISO time. */
  readonly at: string;
  readonly uptimeMs: number;
}

/** The last result of one probe. */
export interface ProbeInfo {
  /** `null` until the first check is over. */
  readonly ok: boolean | null;
  readonly message: string;
  /** ISO time of the last check. */
  readonly checkedAt: string | null;
  readonly consecutiveFailures: number;
}

/** What the process group of a service uses, read from /proc at the time of the call. */
export interface ResourceUsage {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  /** Members of the process group. */
  readonly processes: number;
}

/** One dependency and whether it holds now. */
export interface DependencyInfo {
  readonly name: string;
  readonly condition: 'started' | 'healthy' | 'completed';
  readonly satisfied: boolean;
}

interface UnitInfo {
  readonly name: string;
  readonly state: ProcessState;
  readonly reason: StateReason | null;
  /** ISO time since which it is in this state. */
  readonly since: string;
  readonly pid: number | null;
  /** ISO time of the last start. */
  readonly startedAt: string | null;
  /** Milliseconds since the last start by the monotonic clock; `null` when no child is alive. */
  readonly uptimeMs: number | null;
  readonly lastExit: ExitInfo | null;
  readonly dependsOn: readonly DependencyInfo[];
  readonly command: readonly string[];
  readonly cwd: string;
  readonly logFile: string;
}

/** A task as the API shows it. */
export interface TaskInfo extends UnitInfo {
  readonly kind: 'task';
}

/** A supervised process as the API shows it. */
export interface ProcessInfo extends UnitInfo {
  readonly kind: 'process';
  readonly desired: DesiredState;
  readonly ready: boolean;
  /** Starts after the first one, whatever the cause. */
  readonly restarts: number;
  /** Runs in a row that failed before `minUptime`. */
  readonly consecutiveFailures: number;
  /** ISO time of the next start by backoff, crash-loop retry or schedule. */
  readonly nextStartAt: string | null;
  /** ISO time of the restart that a changed env file has scheduled. */
  readonly envReloadAt: string | null;
  readonly probes: { readonly [kind in 'startup' | 'readiness' | 'liveness']?: ProbeInfo };
  readonly critical: boolean;
  readonly restart: 'always' | 'on-failure' | 'never';
  readonly schedule: string | null;
  /** Bytes written to its log since the manager started. */
  readonly logBytes: number;
  /** Bytes of output that could not be written (a full disk) since the manager started. */
  readonly logDroppedBytes: number;
  readonly usage: ResourceUsage | null;
}

/** `processes.get`: the summary plus the effective environment, values masked as `***` unless asked for. */
export interface ProcessDetail extends ProcessInfo {
  readonly env: Readonly<Record<string, string>>;
}

/** `tasks.get`: the summary plus the effective environment, values masked. */
export interface TaskDetail extends TaskInfo {
  readonly env: Readonly<Record<string, string>>;
}

/** The whole manager at a glance. */
export interface ManagerStatus {
  readonly version: string;
  /** Changes with every start of the manager; cursors of events belong to one instance. */
  readonly instance: string;
  readonly pid: number;
  readonly state: 'starting' | 'running' | 'stopping';
  /** Every task completed and every wanted process ready. */
  readonly ready: boolean;
  /** What keeps `ready` from being true, one sentence each. */
  readonly notReady: readonly string[];
  readonly startedAt: string;
  readonly uptimeMs: number;
  readonly configFile: string | null;
  readonly logDir: string;
  readonly rssBytes: number;
  /** Id of the newest event. */
  readonly cursor: number;
  readonly processes: { readonly [State in ProcessState]?: number };
  readonly tasks: { readonly [State in ProcessState]?: number };
}

/** One line of a log; `partial` when the line had not ended as it was written. */
export interface LogLine {
  readonly name: string;
  readonly kind: 'process' | 'task' | 'manager';
  /** ISO time; `null` in raw logs, which carry none. */
  readonly time: string | null;
  readonly stream: 'stdout' | 'stderr' | null;
  readonly partial: boolean;
  readonly text: string;
}

/** What a reload did: names of processes and tasks by what happened to them. */
export interface ReloadResult {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Restarted because their definition changed. */
  readonly restarted: readonly string[];
  /** Changed without a restart: stopped services, and options that need none. */
  readonly updated: readonly string[];
  readonly unchanged: readonly string[];
}
