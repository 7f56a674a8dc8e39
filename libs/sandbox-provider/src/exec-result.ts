import { SandboxError } from './sandbox-error.js';

/** How much of each output an error message repeats. */
const MESSAGE_TAIL_CHARACTERS = 2_000;

/** How a command ended and what it printed. Truncated output is the last part of it. */
export class ExecResult {
  readonly argv: readonly string[];
  readonly exitCode: number;
  readonly signal: string | undefined;
  readonly stdoutBytes: Uint8Array;
  readonly stderrBytes: Uint8Array;
  readonly durationMs: number;
  /** Whether either output was longer than `maxOutputBytes`. */
  readonly truncated: boolean;

  constructor(fields: {
    argv: readonly string[];
    exitCode: number;
    signal: string | undefined;
    stdoutBytes: Uint8Array;
    stderrBytes: Uint8Array;
    durationMs: number;
    truncated: boolean;
  }) {
    this.argv = fields.argv;
    this.exitCode = fields.exitCode;
    this.signal = fields.signal;
    this.stdoutBytes = fields.stdoutBytes;
    this.stderrBytes = fields.stderrBytes;
    this.durationMs = fields.durationMs;
    this.truncated = fields.truncated;
  }

  /** {@link stdoutBytes} as UTF-8; what is not UTF-8 becomes U+FFFD. */
  get stdout(): string {
    return decode(this.stdoutBytes);
  }

  /** {@link stderrBytes} as UTF-8. */
  get stderr(): string {
    return decode(this.stderrBytes);
  }

  /** @throws SandboxError `CommandFailed` unless the exit code is 0. */
  orThrow(): this {
    if (this.exitCode === 0) return this;
    const how = this.signal === undefined ? `exit code ${this.exitCode}` : this.signal;
    const said = (this.stderr.trim() || this.stdout.trim()).slice(-MESSAGE_TAIL_CHARACTERS);
    const details = {
      argv: this.argv,
      exitCode: this.exitCode,
      ...(this.signal === undefined ? {} : { signal: this.signal }),
      stdout: this.stdout.slice(-MESSAGE_TAIL_CHARACTERS),
      stderr: this.stderr.slice(-MESSAGE_TAIL_CHARACTERS),
    };
    const message = `The command "${this.argv.join(' ')}" ended with ${how}${said === '' ? '.' : `: ${said}`}`;
    throw new SandboxError('CommandFailed', message, details);
  }
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
