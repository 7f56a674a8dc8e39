/** Everything that can go wrong on the way from a git ref to an image, as data. */
export type SandboxImageErrorCode =
  | 'INVALID_OPTIONS'
  | 'INVALID_CONFIG'
  | 'GIT_FAILED'
  | 'NOT_A_REPOSITORY'
  | 'NO_COMMITS'
  | 'NO_WORKING_TREE'
  | 'UNKNOWN_REF'
  | 'AMBIGUOUS_REF'
  | 'SUBMODULES_UNSUPPORTED'
  | 'UNSUPPORTED_PATH'
  | 'DOCKERFILE_MISSING'
  | 'DOCKER_MISSING'
  | 'ENGINE_UNREACHABLE'
  | 'ENGINE_FAILED'
  | 'BUILDKIT_MISSING'
  | 'BUILD_FAILED'
  | 'PUSH_FAILED'
  | 'SECRETS_FOUND'
  | 'IMAGE_NOT_FOUND'
  | 'NO_BUILD_LOG'
  | 'ABORTED';

/** The one error of this library; recognise it by `code`, which survives wires and package copies. */
export class SandboxImageError extends Error {
  override readonly name = 'SandboxImageError';
  readonly code: SandboxImageErrorCode;
  /** Facts about the failure that a program may act on; never holds secret values. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: SandboxImageErrorCode,
    message: string,
    options: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  toJSON(): {
    name: string;
    code: SandboxImageErrorCode;
    message: string;
    details: Readonly<Record<string, unknown>>;
  } {
    return { name: this.name, code: this.code, message: this.message, details: this.details };
  }
}
