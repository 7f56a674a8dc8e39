/** What each error code carries beside its message; every value survives JSON. */
export interface SandboxErrorDetails {
  /** Input refused before anything changed. `issues` name the path and what was expected. */
  InvalidSpec: { issues: readonly string[] };
  /** No sandbox of this id or name (or it is not one of ours). */
  SandboxNotFound: { id: string };
  /** The engine does not have the image and this call does not pull. */
  ImageNotFound: { image: string };
  /** The provider does not declare this capability. */
  Unsupported: { capability: string; provider: string };
  /** A deadline passed. `logs` holds the last log lines when the wait was for a sandbox to become ready. */
  Timeout: { operation: string; timeoutMs: number; logs?: readonly string[] };
  /** The caller's AbortSignal fired. */
  Aborted: { operation: string };
  /** Something of that name exists already, or the state does not allow the call now. */
  Conflict: { subject: string };
  /** A host port asked for is taken. */
  PortInUse: { port: number };
  /** The call needs a running sandbox. */
  NotRunning: { id: string; state: string; logs?: readonly string[] };
  /** A command ended with a non-zero code and the caller asked for success (`orThrow()`). */
  CommandFailed: {
    argv: readonly string[];
    exitCode: number;
    signal?: string;
    stdout: string;
    stderr: string;
  };
  /** A program could not be started at all: not in the image, or not executable. */
  CommandNotFound: { argv: readonly string[] };
  /** A path inside the sandbox does not exist. */
  FileNotFound: { path: string };
  /** No pidnap manager answers inside, or it lets nobody in without a token. */
  NoSupervisor: { id: string; address: string };
  /** The manager inside has no process or task of this name. */
  ProcessNotFound: { process: string };
  /** A process or task that was waited for does not become ready by itself. */
  ProcessFailed: { process: string; state: string };
  /** No engine or service answers. */
  ProviderUnavailable: { provider: string; endpoint: string };
  /** Anything else the provider reported. `retryable`: the same call may succeed later. */
  ProviderError: { provider: string; retryable: boolean; status?: number };
}

/** Why a call on a sandbox or a provider failed. */
export type SandboxErrorCode = keyof SandboxErrorDetails;

/** The JSON shape of a {@link SandboxError}. */
export interface SandboxErrorJson<C extends SandboxErrorCode = SandboxErrorCode> {
  name: 'SandboxError';
  code: C;
  message: string;
  details: SandboxErrorDetails[C];
  cause?: string;
}

/**
 * The one error class of providers and sandboxes. Recognise it by `code` with {@link isSandboxError}:
 * `instanceof` fails across wires and package copies.
 */
export class SandboxError<C extends SandboxErrorCode = SandboxErrorCode> extends Error {
  override readonly name = 'SandboxError';
  readonly code: C;
  readonly details: SandboxErrorDetails[C];

  constructor(code: C, message: string, details: SandboxErrorDetails[C], options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
    this.details = details;
  }

  toJSON(): SandboxErrorJson<C> {
    const json: SandboxErrorJson<C> = {
      name: this.name,
      code: this.code,
      message: this.message,
      details: this.details,
    };
    if (this.cause !== undefined)
      json.cause = this.cause instanceof Error ? this.cause.message : String(this.cause);
    return json;
  }
}

/** Whether `error` is a {@link SandboxError}, of `code` when one is given. */
export function isSandboxError<C extends SandboxErrorCode = SandboxErrorCode>(
  error: unknown,
  code?: C,
): error is SandboxError<C> {
  if (!(error instanceof Error) || error.name !== 'SandboxError' || !('code' in error)) return false;
  return code === undefined || error.code === code;
}
