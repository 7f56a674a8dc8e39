/** What an error of the SDK or of its generated clients says about the HTTP exchange. */
export interface HttpFailure {
  /** Absent when no answer came. */
  readonly status: number | undefined;
  readonly message: string;
  readonly header: (name: string) => string | undefined;
  /** The connection failed before an answer came. */
  readonly noAnswer: boolean;
}

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ECONNABORTED',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ERR_NETWORK',
  'UND_ERR_SOCKET',
]);

/** Reads an error by its shape: the SDK throws its own classes, the generated clients axios errors. */
export function httpFailure(error: unknown): HttpFailure {
  const { statusCode, response, code, headers, message } = asRecord(error);
  const { status: responseStatus, headers: responseHeaders, data } = asRecord(response);
  const status = [statusCode, responseStatus].find((value) => typeof value === 'number');
  const all = Object.entries({ ...asRecord(headers), ...asRecord(responseHeaders) });
  const { message: bodyMessage } = asRecord(data);
  return {
    status: typeof status === 'number' ? status : undefined,
    message:
      typeof bodyMessage === 'string' ? bodyMessage : typeof message === 'string' ? message : String(error),
    header: (name) => {
      const found = all.find(
        ([key]) => key.toLowerCase() === name || key.toLowerCase().startsWith(`${name}-`),
      );
      return found === undefined ? undefined : String(found[1]);
    },
    noAnswer:
      status === undefined &&
      (NETWORK_CODES.has(String(code)) || /Connection|ETIMEDOUT|timeout of/.test(nameAnd(error))),
  };
}

/**
 * An error to keep as a cause: what was said, without the request, whose headers hold the API key.
 */
export function withoutRequest(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const { status, message } = httpFailure(error);
  const plain = new Error(status === undefined ? message : `${message} (status ${status})`);
  plain.name = error.constructor.name;
  if (error.stack !== undefined) plain.stack = error.stack;
  return plain;
}

function nameAnd(error: unknown): string {
  return error instanceof Error ? `${error.constructor.name} ${error.message}` : '';
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
