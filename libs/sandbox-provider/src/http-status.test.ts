import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { httpStatus } from './http-status.js';

describe('httpStatus', () => {
  let server: Server;
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  async function listen(created: Server): Promise<string> {
    server = created;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('is the status of the answer, sent the headers of the endpoint, without reading the body', async () => {
    const seen: IncomingMessage[] = [];
    const url = await listen(
      createHttpServer((request, response) => {
        seen.push(request);
        response.writeHead(418).write('a body that never ends');
      }),
    );
    const status = await httpStatus(
      { url, headers: { 'x-token': 'secret' } },
      '/a?b=c',
      AbortSignal.timeout(5_000),
    );
    expect(status).toBe(418);
    expect(seen[0]).toMatchObject({ url: '/a?b=c', headers: { 'x-token': 'secret' } });
  });

  it('rejects when a connection is accepted and closed at once', async () => {
    const url = await listen(createServer((socket) => socket.destroy()));
    await expect(httpStatus({ url }, '/', AbortSignal.timeout(5_000))).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
  });

  it('rejects when the signal fires before an answer', async () => {
    const url = await listen(createHttpServer(() => undefined));
    await expect(httpStatus({ url }, '/', AbortSignal.timeout(50))).rejects.toThrow();
    (server as ReturnType<typeof createHttpServer>).closeAllConnections();
  });
});
