import type { PidnapEvent } from './events.js';
import type {
  LogLine,
  ManagerStatus,
  ProcessDetail,
  ProcessInfo,
  ReloadResult,
  TaskDetail,
  TaskInfo,
} from './info.js';

/** Which lines of a log to read. */
export interface LogQuery {
  /** Only the last so many lines of what is kept. @default all that is kept */
  readonly tail?: number;
  /** Only lines at or after this ISO time. */
  readonly since?: string;
  /** Stay and deliver new lines until the signal aborts. @default false */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

/** Which events to read. */
export interface EventQuery {
  /** Deliver events after this id first; 0 replays all that are kept. @default only new ones */
  readonly cursor?: number;
  /** Stay and deliver new events until the signal aborts. @default true */
  readonly follow?: boolean;
  /** Follow no longer than until every task has completed and every wanted process is ready. @default no end */
  readonly until?: 'ready';
  readonly signal?: AbortSignal;
}

/** How long to wait for a result, and when to give up. */
export interface WaitOptions {
  /** @default 60_000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Shown instead of masked values only to callers with a token over loopback. */
export interface DetailOptions {
  /** @default false */
  readonly showSecrets?: boolean;
}

/**
 * Everything one can ask of a manager. The manager itself and the client both implement it, so the CLI and
 * other callers cannot tell whether they talk to one in this process or over the wire.
 *
 * Every method rejects with a `PidnapError`; a name that does not exist is `not-found`.
 */
export interface PidnapApi {
  status(): Promise<ManagerStatus>;
  readonly processes: {
    list(): Promise<ProcessInfo[]>;
    get(name: string, options?: DetailOptions): Promise<ProcessDetail>;
    /** Wants it running; resolves as soon as the start is under way, see `waitReady`. */
    start(name: string): Promise<ProcessInfo>;
    /** Wants it stopped; resolves when its whole process group is gone. */
    stop(name: string): Promise<ProcessInfo>;
    /** Stops it when it runs, then starts it; resolves when the new start is under way. */
    restart(name: string): Promise<ProcessInfo>;
    logs(name: string, query?: LogQuery): AsyncIterable<LogLine>;
  };
  readonly tasks: {
    list(): Promise<TaskInfo[]>;
    get(name: string, options?: DetailOptions): Promise<TaskDetail>;
    /** Runs a task again that is not running; what failed for its sake gets another chance. */
    run(name: string): Promise<TaskInfo>;
    logs(name: string, query?: LogQuery): AsyncIterable<LogLine>;
  };
  /** The logs of several processes and tasks merged by time; all of them when no name is given. */
  logs(names: readonly string[], query?: LogQuery): AsyncIterable<LogLine>;
  events(query?: EventQuery): AsyncIterable<PidnapEvent>;
  /** Reads the config file again and applies what changed; an invalid one is refused whole. */
  reload(): Promise<ReloadResult>;
  /**
   * Waits until the named processes (all wanted ones by default) are ready and the tasks completed.
   * Rejects with `failed` when one can no longer become ready by itself, `timeout` when time is up.
   */
  waitReady(names?: readonly string[], options?: WaitOptions): Promise<void>;
}
