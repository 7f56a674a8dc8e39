import type { PidnapErrorCode } from '../pidnap-error.js';

/** What the CLI's exit codes mean; `init` and `run` pass on codes of what they run instead. */
export const exitCodes = {
  ok: 0,
  /** The request was refused or what was waited for has failed. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** No manager answers. */
  unreachable: 3,
  /** No such process or task. */
  notFound: 4,
  /** Time is up. */
  timeout: 5,
  /** The token is missing or wrong, or it does not allow this. */
  denied: 6,
} as const;

const byError: Partial<Record<PidnapErrorCode, number>> = {
  'bad-request': exitCodes.usage,
  'config-invalid': exitCodes.usage,
  'config-not-found': exitCodes.usage,
  unreachable: exitCodes.unreachable,
  'not-found': exitCodes.notFound,
  timeout: exitCodes.timeout,
  unauthorized: exitCodes.denied,
  forbidden: exitCodes.denied,
};

/** The exit code for an error. */
export function exitCodeOf(code: PidnapErrorCode): number {
  return byError[code] ?? exitCodes.failed;
}
