/** What the exit codes mean, as `sandbox --help` prints them. */
export const EXIT_CODES = {
  ok: 0,
  failed: 1,
  usage: 2,
  noSandbox: 3,
  noEngine: 4,
  notReady: 5,
  portTaken: 6,
  /** Of `exec`: the command could not be run at all. Other codes are the command's own. */
  execFailed: 125,
  interrupted: 130,
} as const;

const BY_ERROR_CODE: Readonly<Record<string, number>> = {
  Usage: EXIT_CODES.usage,
  InvalidSpec: EXIT_CODES.usage,
  NoSandbox: EXIT_CODES.noSandbox,
  AmbiguousSandbox: EXIT_CODES.noSandbox,
  SandboxNotFound: EXIT_CODES.noSandbox,
  ProviderUnavailable: EXIT_CODES.noEngine,
  DOCKER_MISSING: EXIT_CODES.noEngine,
  ENGINE_UNREACHABLE: EXIT_CODES.noEngine,
  NotReady: EXIT_CODES.notReady,
  Timeout: EXIT_CODES.notReady,
  PortTaken: EXIT_CODES.portTaken,
  PortInUse: EXIT_CODES.portTaken,
  Aborted: EXIT_CODES.interrupted,
  ABORTED: EXIT_CODES.interrupted,
};

/** The exit code for an error, by the error's `code`. */
export function exitCodeOf(error: unknown): number {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return (typeof code === 'string' ? BY_ERROR_CODE[code] : undefined) ?? EXIT_CODES.failed;
}
