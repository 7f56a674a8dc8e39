import type { ContentfulStatusCode } from 'hono/utils/http-status';

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
};

/** A refusal with the status and message that the client shows. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: ContentfulStatusCode;
  readonly code: string | undefined;

  /** @param code The toolbox's machine-readable reason, such as `FILE_NOT_FOUND`. */
  constructor(status: ContentfulStatusCode, message: string, code?: string) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** The body in which both APIs report errors. */
  body(path: string): Record<string, unknown> {
    return {
      path,
      timestamp: new Date().toISOString(),
      statusCode: this.status,
      error: REASONS[this.status] ?? 'Error',
      message: this.message,
      ...(this.code === undefined ? {} : { code: this.code, source: 'DAYTONA_DAEMON' }),
    };
  }
}
