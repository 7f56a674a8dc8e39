/** Facts of each code, beside the message. */
export interface CliErrorDetails {
  /** The command line makes no sense. */
  Usage: { option?: string };
  /** No sandbox of that name, or none at all. */
  NoSandbox: { name?: string };
  /** Several sandboxes fit and no name was given. */
  AmbiguousSandbox: { names: readonly string[] };
  /** A port that was asked for is taken. */
  PortTaken: { port: number; owner?: string };
  /** A service inside did not become ready. */
  NotReady: { services: Readonly<Record<string, string>>; logs: readonly string[] };
  /** The current directory is in no git repository. */
  NoRepository: { dir: string };
}

/** Why a command of the CLI failed. */
export type CliErrorCode = keyof CliErrorDetails;

/** An error of the CLI itself; those of the libraries pass through as they are. */
export class CliError<C extends CliErrorCode = CliErrorCode> extends Error {
  override readonly name = 'CliError';
  readonly code: C;
  readonly details: CliErrorDetails[C];

  constructor(code: C, message: string, details: CliErrorDetails[C], options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
    this.details = details;
  }

  toJSON(): { name: string; code: C; message: string; details: CliErrorDetails[C] } {
    return { name: this.name, code: this.code, message: this.message, details: this.details };
  }
}
