import type { EnvProblem } from '@iterate/env-watch';

/** Typed details per error code; none ever holds a value of the env file or a token. */
export interface DaemonErrorDetails {
  /** The daemon's own settings are wrong; `issues` says which variable and what is expected. */
  'config-invalid': { issues: readonly string[] };
  'port-taken': { host: string; port: number };
  /** `errno` is the system's name for the reason, such as `EACCES`. */
  'listen-failed': { host: string; port: number; errno: string };
  'token-not-configured': Record<string, never>;
  unauthorized: Record<string, never>;
  'bad-request': { issues: readonly string[] };
  'body-too-large': { maxBytes: number };
  'not-found': { path?: string; service?: string };
  'method-not-allowed': { method: string; allowed: readonly string[] };
  /** The page was not built. */
  'web-not-built': Record<string, never>;
  /** What is in the env file cannot be read or does not allow the change; `line` and `column` count from 1. */
  'env-file-invalid': { problem: EnvProblem | 'too-large' | 'ambiguous'; line?: number; column?: number };
  /** No quoting lets a dotenv parser read this value back unchanged. */
  'env-value-unrepresentable': { key: string };
  /** Other writers held the lock for too long. */
  'env-file-locked': { waitedMs: number };
  'env-file-inaccessible': { errno: string };
  'database-unavailable': { errno?: string };
  /** The schema is older or newer than this code. */
  'database-outdated': { found: number; expected: number };
  'database-newer': { found: number; expected: number };
  /** A migration failed or differs from what was applied; nothing was changed. */
  'migration-failed': { migration: string };
  'pidnap-unreachable': { reason: string };
  'pidnap-refused': { code: string };
  internal: Record<string, never>;
}

export type DaemonErrorCode = keyof DaemonErrorDetails;

/** The one error of this package; tell them apart by `code`. */
export class DaemonError<C extends DaemonErrorCode = DaemonErrorCode> extends Error {
  override readonly name = 'DaemonError';
  readonly code: C;
  readonly details: DaemonErrorDetails[C];

  constructor(code: C, message: string, details: DaemonErrorDetails[C], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }

  toJSON(): { name: string; code: C; message: string; details: DaemonErrorDetails[C] } {
    return { name: this.name, code: this.code, message: this.message, details: this.details };
  }
}

/** The system's name of an error (`ENOENT`), or `unknown`. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}

/** A message for people of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
