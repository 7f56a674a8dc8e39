import { PidnapError, type PidnapErrorCode } from '../pidnap-error.js';
import type { Transport } from './transport.js';

/** Requests with JSON answers and streams over a transport; every failure becomes a `PidnapError`. */
export class Http {
  readonly #transport: Transport;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #where: string;

  constructor(transport: Transport, headers: Readonly<Record<string, string>>, where: string) {
    this.#transport = transport;
    this.#headers = headers;
    this.#where = where;
  }

  async json<Answer>(method: 'GET' | 'POST', path: string): Promise<Answer> {
    const body = await this.#send(method, path);
    return JSON.parse(await text(body)) as Answer;
  }

  /** Opens a stream of server-sent events. */
  stream(path: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return this.#send('GET', path, signal);
  }

  async #send(
    method: 'GET' | 'POST',
    path: string,
    signal?: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    const response = await this.#transport({
      method,
      path,
      headers: this.#headers,
      ...(signal && { signal }),
    }).catch((cause: unknown) => {
      throw this.#noAnswer(cause, signal);
    });
    if (response.status >= 200 && response.status < 300) return this.#guarded(response.body, signal);
    throw errorOf(response.status, await text(response.body), this.#where);
  }

  async *#guarded(body: AsyncIterable<Uint8Array>, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (cause) {
      throw this.#noAnswer(cause, signal);
    }
  }

  #noAnswer(cause: unknown, signal: AbortSignal | undefined): PidnapError {
    if (signal?.aborted) return new PidnapError('aborted', 'The caller gave up waiting.', { cause });
    return new PidnapError(
      'unreachable',
      `No pidnap manager answers at ${this.#where}. Start one with "pidnap init", or give its address.`,
      { cause, details: { where: this.#where } },
    );
  }
}

async function text(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

const codes: Readonly<Record<number, PidnapErrorCode>> = {
  400: 'bad-request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
};

function errorOf(status: number, body: string, where: string): PidnapError {
  try {
    const { error } = JSON.parse(body) as {
      error: { code: PidnapErrorCode; message: string; details?: Record<string, unknown> };
    };
    return new PidnapError(error.code, error.message, { details: error.details ?? {} });
  } catch (cause) {
    return new PidnapError(
      codes[status] ?? 'internal',
      `${where} answered with HTTP ${status}, which is not from a pidnap manager: ${body.slice(0, 200)}`,
      { cause },
    );
  }
}
