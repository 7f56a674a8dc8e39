import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { ErrorAnswer } from '../api.js';
import { DaemonError, type DaemonErrorCode, messageOf } from '../daemon-error.js';
import type { Logger } from '../logger.js';

const statuses: Readonly<Record<DaemonErrorCode, ContentfulStatusCode>> = {
  'config-invalid': 500,
  'port-taken': 500,
  'listen-failed': 500,
  'token-not-configured': 503,
  unauthorized: 401,
  'bad-request': 400,
  'body-too-large': 413,
  'not-found': 404,
  'method-not-allowed': 405,
  'web-not-built': 503,
  'env-file-invalid': 409,
  'env-value-unrepresentable': 422,
  'env-file-locked': 503,
  'env-file-inaccessible': 500,
  'database-unavailable': 503,
  'database-outdated': 503,
  'database-newer': 503,
  'migration-failed': 500,
  'pidnap-unreachable': 503,
  'pidnap-refused': 409,
  internal: 500,
};

/** The answer for an error: its code, message and details, never a stack. */
export function errorResponse(context: Context, error: DaemonError): Response {
  const { code, message, details } = error;
  return context.json<ErrorAnswer>({ error: { code, message, details: { ...details } } }, statuses[code]);
}

/** Turns whatever a route threw into an answer; what is the server's fault goes to the log, too. */
export function onRouteError(logger: Logger): (error: Error, context: Context) => Response {
  return (error, context) => {
    const known = toDaemonError(error);
    if (statuses[known.code] === 500) {
      logger.error('request failed', {
        method: context.req.method,
        path: context.req.path,
        code: known.code,
        reason: messageOf(error),
      });
    }
    return errorResponse(context, known);
  };
}

function toDaemonError(error: Error): DaemonError {
  if (error instanceof DaemonError) return error;
  if (error instanceof HTTPException && error.status === 400) {
    return new DaemonError('bad-request', error.message || 'The request is not valid.', { issues: [] });
  }
  return new DaemonError('internal', 'Something unexpected went wrong; the daemon’s log says what.', {});
}
