import type { IncomingMessage } from 'node:http';
import { nodeHttp, nodeHttps } from '../node-http.js';

/** One request to a manager. */
interface TransportRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query, starting with a slash. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Its answer; the body is read as it comes. */
interface TransportResponse {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array>;
}

export type Transport = (request: TransportRequest) => Promise<TransportResponse>;

/** Over TCP or a unix socket with Node's own HTTP client, one connection per request. */
export function nodeTransport(target: { url: URL } | { socketPath: string }): Transport {
  return ({ method, path, headers, signal }) =>
    new Promise((resolve, reject) => {
      const answer = (response: IncomingMessage): void =>
        resolve({ status: response.statusCode ?? 0, body: response });
      const common = { method, headers: { ...headers }, agent: false as const, ...(signal && { signal }) };
      const request =
        'url' in target
          ? (target.url.protocol === 'https:' ? nodeHttps() : nodeHttp()).request(
              new URL(target.url.pathname.replace(/\/$/, '') + path, target.url),
              common,
              answer,
            )
          : nodeHttp().request({ ...common, path, socketPath: target.socketPath, host: 'localhost' }, answer);
      request.on('error', reject);
      request.end();
    });
}

/** Over a `fetch`, for callers that reach the manager through something else than a socket. */
export function fetchTransport(base: URL, fetchLike: typeof fetch): Transport {
  return async ({ method, path, headers, signal }) => {
    const response = await fetchLike(new URL(base.pathname.replace(/\/$/, '') + path, base), {
      method,
      headers: { ...headers },
      redirect: 'error',
      ...(signal && { signal }),
    });
    return { status: response.status, body: response.body ?? emptyBody() };
  };
}

async function* emptyBody(): AsyncIterable<Uint8Array> {}
