import type { DesiredState, ProcessState } from 'pidnap/client';

// The shapes of the API's answers, shared by the server and the page. Types only: nothing here runs.

/** Why something is in its state; `code` is for programs, `message` for people. */
interface Reason {
  readonly code: string;
  readonly message: string;
}

/** A service (or a task, which runs once) as the daemon last heard of it. */
export interface Service {
  readonly kind: 'process' | 'task';
  readonly name: string;
  /** Whether it is the daemon that answers. */
  readonly self: boolean;
  /** pidnap's state, or `unknown` while pidnap does not answer. */
  readonly state: ProcessState | 'unknown';
  readonly reason: Reason | null;
  /** ISO time since which it is in this state. */
  readonly since: string;
  /** What the operator wants; `null` for tasks. */
  readonly desired: DesiredState | null;
  readonly pid: number | null;
  /** Milliseconds since the last start at the time of the answer; `null` when it does not run. */
  readonly uptimeMs: number | null;
  /** Starts after the first one. */
  readonly restarts: number;
  readonly lastExit: {
    readonly code: number | null;
    readonly signal: string | null;
    readonly at: string;
  } | null;
  /** ISO time of the next start by itself. */
  readonly nextStartAt: string | null;
  /** ISO time of the restart that a changed env file has scheduled. */
  readonly envReloadAt: string | null;
}

/** Whether the daemon hears from pidnap. */
export interface PidnapLink {
  readonly connected: boolean;
  /** Why not; `null` when connected. */
  readonly reason: string | null;
  /** ISO time. */
  readonly since: string;
}

/** `GET /api/services`, and the `services` message of the event stream. */
export interface ServicesAnswer {
  readonly pidnap: PidnapLink;
  readonly services: readonly Service[];
  readonly tasks: readonly Service[];
}

/** A step from state to state; the `transition` message of the event stream. */
export interface Transition {
  /** Grows; the cursor of the event stream. `null` when the database could not record it. */
  readonly id: number | null;
  readonly service: string;
  readonly kind: 'process' | 'task';
  readonly from: string;
  readonly to: string;
  readonly reason: Reason | null;
  /** ISO time. */
  readonly at: string;
}

/** `GET /api/services/transitions` */
export interface TransitionsAnswer {
  /** The newest first. */
  readonly transitions: readonly Transition[];
}

/** `GET /api/env` */
export interface EnvKeysAnswer {
  /** Names, sorted. */
  readonly keys: readonly string[];
}

/** `PATCH /api/env`: names by what happened to them. */
export interface EnvPatchAnswer {
  readonly set: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: readonly string[];
}

/** `GET /api/env/changes` */
export interface EnvChangesAnswer {
  /** The newest first. */
  readonly changes: readonly {
    readonly id: number;
    readonly key: string;
    readonly action: 'added' | 'changed' | 'removed';
    /** ISO time. */
    readonly at: string;
  }[];
}

/** `GET /api/health` */
export interface HealthAnswer {
  readonly status: 'ok' | 'unavailable';
  readonly version: string;
  readonly uptimeMs: number;
  readonly database:
    | { readonly ok: true; readonly schema: number }
    | { readonly ok: false; readonly code: string };
}

/** Any answer with a status of 400 or more. */
export interface ErrorAnswer {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details: Readonly<Record<string, unknown>>;
  };
}
