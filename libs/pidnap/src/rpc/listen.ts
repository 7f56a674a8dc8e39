import { chmodSync, rmSync } from 'node:fs';
import type { RequestListener, Server } from 'node:http';
import { connect } from 'node:net';
import type { HttpSpec } from '../config/spec.js';
import { nodeHttp } from '../node-http.js';
import { PidnapError } from '../pidnap-error.js';

/** How long answers may take when the listener closes. */
const goodbyeMs = 250;

/** A listener that accepts requests. */
export interface Listener {
  /** `http://host:port`, or the path of the socket. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Opens the API's port or socket.
 *
 * @param load Makes the request handler. It is called with the first request, so that a manager nobody asks
 * anything does without the memory of the HTTP framework.
 * @throws PidnapError `unavailable` when the address is taken
 */
export async function listen(http: HttpSpec, load: () => Promise<RequestListener>): Promise<Listener> {
  let handler: Promise<RequestListener> | undefined;
  const server = nodeHttp().createServer((request, response) => {
    handler ??= load();
    handler.then(
      (handle) => handle(request, response),
      (error: Error) => {
        response.writeHead(500, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ error: { code: 'internal', message: error.message } }));
      },
    );
  });
  if (http.socket !== null) await removeStaleSocket(http.socket);
  await bind(server, http);
  if (http.socket !== null) chmodSync(http.socket, 0o600);
  server.unref();
  return {
    address: addressOf(server, http),
    close: () =>
      new Promise((resolve) => {
        // Streams that have come to their end get to say so; a reader that does not read is not waited for.
        const limit = setTimeout(() => server.closeAllConnections(), goodbyeMs);
        server.close(() => {
          clearTimeout(limit);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

function bind(server: Server, http: HttpSpec): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const where = http.socket ?? `${http.host}:${http.port}`;
      const why =
        cause.code === 'EADDRINUSE'
          ? 'it is in use, perhaps by another manager. Stop that one or set http.port (0 picks a free one).'
          : `${cause.message}.`;
      reject(new PidnapError('unavailable', `Cannot listen on ${where}: ${why}`, { cause }));
    });
    if (http.socket === null) server.listen(http.port, http.host, resolve);
    else server.listen(http.socket, resolve);
  });
}

function addressOf(server: Server, http: HttpSpec): string {
  const address = server.address();
  if (address === null || typeof address === 'string') return http.socket ?? '';
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}

/** A manager that was killed leaves its socket behind; one that answers keeps it. */
async function removeStaleSocket(path: string): Promise<void> {
  const refused = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
  if (refused) rmSync(path, { force: true });
}
