import type {
  EnvKeysAnswer,
  EnvPatchAnswer,
  ErrorAnswer,
  Transition,
  TransitionsAnswer,
} from '../src/api.js';

/** An answer of the daemon that is an error; `code` is the daemon's, see the README's table. */
export class DaemonAnswerError extends Error {
  override readonly name = 'DaemonAnswerError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export type ServiceAction = 'start' | 'stop' | 'restart';

/** The daemon's API as the page uses it. */
export class DaemonClient {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  async transitions(limit: number): Promise<readonly Transition[]> {
    const answer: TransitionsAnswer = await this.#json('GET', `/api/services/transitions?limit=${limit}`);
    return answer.transitions;
  }

  /** The event stream, with everything after the cursor. */
  async events(cursor: number, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#send('GET', '/api/services/events', {
      headers: { 'last-event-id': String(cursor) },
      signal,
    });
    if (response.body === null) throw new Error('The event stream has no body.');
    return response.body;
  }

  async act(service: string, action: ServiceAction): Promise<void> {
    await this.#send('POST', `/api/services/${encodeURIComponent(service)}/${action}`);
  }

  async envKeys(): Promise<readonly string[]> {
    const answer: EnvKeysAnswer = await this.#json('GET', '/api/env');
    return answer.keys;
  }

  patchEnv(change: { set?: Record<string, string>; remove?: string[] }): Promise<EnvPatchAnswer> {
    return this.#json('PATCH', '/api/env', { body: JSON.stringify(change) });
  }

  async #json<Answer>(method: string, path: string, init: RequestInit = {}): Promise<Answer> {
    return (await this.#send(method, path, init)).json() as Promise<Answer>;
  }

  async #send(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(path, {
      ...init,
      method,
      headers: { ...init.headers, authorization: `Bearer ${this.#token}` },
      cache: 'no-store',
    }).catch((cause: unknown) => {
      throw new Error('The daemon does not answer.', { cause });
    });
    if (response.ok) return response;
    throw await answerError(response);
  }
}

async function answerError(response: Response): Promise<DaemonAnswerError> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as ErrorAnswer;
    return new DaemonAnswerError(response.status, error.code, error.message);
  } catch {
    // Something between the browser and the daemon answered, such as a proxy.
    return new DaemonAnswerError(
      response.status,
      'internal',
      `The daemon answered with HTTP ${response.status}.`,
    );
  }
}
