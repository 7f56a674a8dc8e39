/** What went wrong with a line of a dotenv file. */
export type EnvProblem =
  | 'missing-equals'
  | 'bad-key'
  | 'unterminated-quote'
  | 'text-after-quote'
  | 'nul-character'
  | 'not-utf8';

/** Typed details per error code; none holds a value of the file. */
export interface EnvWatchErrorDetails {
  /** The file does not parse. `line` and `column` count from 1; `file` is absent for `parseEnv` without a name. */
  'invalid-content': { file?: string; line: number; column: number; problem: EnvProblem };
  /** The file exists but cannot be read; `errno` is the system's name for the reason, such as `EACCES`. */
  unreadable: { file: string; errno: string };
  /** The file is larger than `maxBytes`. */
  'too-large': { file: string; bytes: number; maxBytes: number };
  /** The system refuses to watch, for example because the inotify limit is reached (`ENOSPC`). */
  'watch-failed': { path: string; errno: string };
  /** An argument of `watchEnv` is not usable. */
  'invalid-option': { option: string };
}

export type EnvWatchErrorCode = keyof EnvWatchErrorDetails;

/** The one error of this package; tell them apart by `code`. The message never holds a value. */
export class EnvWatchError<C extends EnvWatchErrorCode = EnvWatchErrorCode> extends Error {
  override readonly name = 'EnvWatchError';
  readonly code: C;
  readonly details: EnvWatchErrorDetails[C];

  constructor(code: C, message: string, details: EnvWatchErrorDetails[C], options?: ErrorOptions) {
    super(`[env-watch] ${message}`, options);
    this.code = code;
    this.details = details;
  }

  toJSON(): { name: string; code: C; message: string; details: EnvWatchErrorDetails[C] } {
    return { name: this.name, code: this.code, message: this.message, details: this.details };
  }
}
