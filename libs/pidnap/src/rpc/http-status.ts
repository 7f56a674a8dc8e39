import type { PidnapErrorCode } from '../pidnap-error.js';

const statuses = {
  'bad-request': 400,
  'config-invalid': 422,
  'config-not-found': 422,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  timeout: 504,
  failed: 424,
  aborted: 499,
  unreachable: 502,
  unavailable: 503,
  internal: 500,
} as const satisfies Record<PidnapErrorCode, number>;

/** The HTTP status of an error. */
export function httpStatus(code: PidnapErrorCode): Exclude<(typeof statuses)[PidnapErrorCode], 499> {
  const status = statuses[code];
  return status === 499 ? 503 : status;
}
