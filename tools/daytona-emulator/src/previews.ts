import { randomBytes, timingSafeEqual } from 'node:crypto';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { ApiError } from './api-error.js';
import type { SandboxRecord } from './sandbox-record.js';
import type { Sandboxes } from './sandboxes.js';

const TOKEN_HEADER = 'x-daytona-preview-token';
const TOKEN_PARAMETER = 'DAYTONA_SANDBOX_AUTH_KEY';
const TOKEN_COOKIE = 'daytona-sandbox-auth';

interface Preview {
  server: Server;
  url: string;
}

interface SignedToken {
  port: number;
  sandboxId: string;
  expiresAt: number;
}

/**
 * Ports of sandboxes as seen from outside, each on a listener of its own, so that an application finds
 * itself at the root of its origin as it does on the hosted service.
 */
export class Previews {
  readonly #sandboxes: Sandboxes;
  readonly #host: string;
  readonly #previews = new Map<string, Promise<Preview>>();
  readonly #signed = new Map<string, SignedToken>();

  constructor(sandboxes: Sandboxes, host: string) {
    this.#sandboxes = sandboxes;
    this.#host = host;
  }

  /** A URL that asks for the sandbox's token. */
  async open(record: SandboxRecord, port: number): Promise<string> {
    const key = `${record.dto.id}:${port}`;
    let preview = this.#previews.get(key);
    if (preview === undefined) {
      preview = this.#listen(record.dto.id, port);
      this.#previews.set(key, preview);
    }
    return (await preview).url;
  }

  /** A URL that carries its own token, for a time. */
  async sign(record: SandboxRecord, port: number, seconds: number): Promise<{ url: string; token: string }> {
    const token = randomBytes(16).toString('hex');
    this.#signed.set(token, { port, sandboxId: record.dto.id, expiresAt: Date.now() + seconds * 1000 });
    return { url: `${await this.open(record, port)}/?${TOKEN_PARAMETER}=${token}`, token };
  }

  /** @throws ApiError 404 */
  expire(token: string): void {
    if (!this.#signed.delete(token)) throw new ApiError(404, 'Signed preview URL not found');
  }

  async close(): Promise<void> {
    for (const preview of this.#previews.values()) {
      const { server } = await preview;
      server.closeAllConnections();
      server.close();
    }
  }

  #listen(sandboxId: string, port: number): Promise<Preview> {
    const server = createServer((request, response) => void this.#serve(sandboxId, port, request, response));
    server.on(
      'upgrade',
      (request, socket, head) => void this.#upgrade(sandboxId, port, request, socket, head),
    );
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, this.#host, () => {
        const address = server.address();
        const listening = typeof address === 'object' && address !== null ? address.port : 0;
        resolve({ server, url: `http://${this.#host}:${listening}` });
      });
    });
  }

  async #serve(
    sandboxId: string,
    port: number,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const refuse = (status: number, message: string) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ statusCode: status, message }));
    };
    try {
      const record = this.#sandboxes.get(sandboxId);
      const token = tokenOf(request);
      if (!this.#allows(record, port, token)) return refuse(401, 'unauthorized');
      const host = await this.#sandboxes.address(record);
      this.#sandboxes.touch(record);
      const { path, headers } = outgoing(request);
      const upstream = httpRequest({ host, port, path, method: request.method, headers }, (answer) => {
        if (fromUrl(request) && token !== undefined)
          response.setHeader('set-cookie', `${TOKEN_COOKIE}=${token}; HttpOnly; Path=/; SameSite=Lax`);
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      upstream.once('error', (error) => refuse(502, `nothing answers on port ${port}: ${error.message}`));
      response.once('close', () => upstream.destroy());
      request.pipe(upstream);
    } catch (error) {
      refuse(
        error instanceof ApiError ? error.status : 500,
        error instanceof Error ? error.message : String(error),
      );
    }
  }

  async #upgrade(
    sandboxId: string,
    port: number,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): Promise<void> {
    try {
      const record = this.#sandboxes.get(sandboxId);
      if (!this.#allows(record, port, tokenOf(request))) throw new ApiError(401, 'unauthorized');
      const upstream = connect(port, await this.#sandboxes.address(record));
      upstream.once('error', () => socket.destroy());
      socket.once('error', () => upstream.destroy());
      upstream.once('connect', () => {
        const { path, headers } = outgoing(request);
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
        upstream.write(`${request.method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
        upstream.write(head);
        upstream.pipe(socket).pipe(upstream);
      });
    } catch {
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
    }
  }

  #allows(record: SandboxRecord, port: number, token: string | undefined): boolean {
    if (record.dto.public) return true;
    if (token === undefined) return false;
    if (sameText(token, record.previewToken)) return true;
    const signed = this.#signed.get(token);
    return (
      signed !== undefined &&
      signed.port === port &&
      signed.sandboxId === record.dto.id &&
      Date.now() < signed.expiresAt
    );
  }
}

function fromUrl(request: IncomingMessage): boolean {
  return (request.url ?? '').includes(`${TOKEN_PARAMETER}=`);
}

function tokenOf(request: IncomingMessage): string | undefined {
  const header = request.headers[TOKEN_HEADER];
  if (typeof header === 'string') return header;
  const parameter = new URL(request.url ?? '/', 'http://preview').searchParams.get(TOKEN_PARAMETER);
  if (parameter !== null) return parameter;
  return new RegExp(`(?:^|; )${TOKEN_COOKIE}=([0-9a-f]+)`).exec(request.headers.cookie ?? '')?.[1];
}

/** The request as the application sees it: without the token. */
function outgoing(request: IncomingMessage): { path: string; headers: NodeJS.Dict<string | string[]> } {
  const url = new URL(request.url ?? '/', 'http://preview');
  url.searchParams.delete(TOKEN_PARAMETER);
  const { [TOKEN_HEADER]: _, ...headers } = request.headers;
  return { path: `${url.pathname}${url.search}`, headers };
}

function sameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
