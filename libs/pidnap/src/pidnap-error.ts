/** What went wrong, for programs. Recognise errors by it: they cross wires and package copies. */
export type PidnapErrorCode =
  /** The configuration is not valid or cannot be read; `details.issues` lists every finding. */
  | 'config-invalid'
  /** No configuration file where one was looked for. */
  | 'config-not-found'
  /** No such process or task. */
  | 'not-found'
  /** The request itself is wrong: a bad parameter or body. */
  | 'bad-request'
  /** The state does not allow it, such as running a task that runs. */
  | 'conflict'
  /** Missing or wrong token, or a caller that may not. */
  | 'unauthorized'
  | 'forbidden'
  /** No manager answers at the address. */
  | 'unreachable'
  /** The address or another resource of the machine is taken or missing. */
  | 'unavailable'
  | 'timeout'
  /** A process or task that was waited for has failed. */
  | 'failed'
  /** A wait or a stream was cut short by the caller's signal or the end of the manager. */
  | 'aborted'
  | 'internal';

/** JSON form of a {@link PidnapError}, as it crosses the wire. */
export interface PidnapErrorJson {
  readonly name: 'PidnapError';
  readonly code: PidnapErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The one error this package throws. The message says what failed and what to do. */
export class PidnapError extends Error {
  override readonly name = 'PidnapError';
  readonly code: PidnapErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: PidnapErrorCode,
    message: string,
    options: { details?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  toJSON(): PidnapErrorJson {
    return { name: this.name, code: this.code, message: this.message, details: this.details };
  }
}

/** Whether a value is a {@link PidnapError}, also one from another copy of this package. */
export function isPidnapError(value: unknown): value is PidnapError {
  return value instanceof Error && value.name === 'PidnapError' && 'code' in value;
}
