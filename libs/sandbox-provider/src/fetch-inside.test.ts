import { spawnSync } from 'node:child_process';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Here } from '../test/spawn-here.js';
import { fetchInside } from './fetch-inside.js';

const hasCurl = spawnSync('curl', ['--version']).status === 0;

const here = new Here();

describe.skipIf(!hasCurl)('fetchInside', () => {
  let server: Server;
  let url: string;
  const requests: Array<{ request: IncomingMessage; body: string }> = [];
  beforeEach(async () => {
    requests.length = 0;
    server = createServer(async (request, response) => {
      requests.push({ request, body: await text(request) });
      if (request.url === '/stream') {
        response.write('first\n');
        setTimeout(() => response.end('second\n'), 200);
      } else if (request.url === '/endless') {
        response.write('begin\n');
      } else if (request.url === '/cut') {
        response.writeHead(200, { 'content-length': '100' });
        response.write('part');
        setTimeout(() => request.socket.destroy(), 50);
      } else {
        response.writeHead(201, { 'x-answer': 'yes, really' }).end(JSON.stringify({ ok: true }));
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const inside = fetchInside(here);

  it('gives status, headers and body', async () => {
    const response = await inside(`${url}/a?b=c`, { headers: { 'x-question': 'a "quoted" one' } });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-answer')).toBe('yes, really');
    expect(await response.json()).toEqual({ ok: true });
    expect(requests[0]?.request).toMatchObject({
      url: '/a?b=c',
      headers: { 'x-question': 'a "quoted" one' },
    });
  });

  it('sends a body as it is', async () => {
    const body = '{"text":"@not-a-file\\nline"}';
    await inside(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    expect(requests[0]).toMatchObject({ body, request: { method: 'POST' } });
  });

  it('hands on a stream as it comes', async () => {
    const response = await inside(`${url}/stream`);
    const arrivals: string[] = [];
    for await (const chunk of response.body ?? []) arrivals.push(Buffer.from(chunk).toString());
    expect(arrivals.filter((chunk) => chunk !== '')).toEqual(['first\n', 'second\n']);
  });

  it('rejects as fetch does when nothing answers', async () => {
    const closed = url;
    await new Promise((resolve) => server.close(resolve));
    await expect(inside(closed)).rejects.toBeInstanceOf(TypeError);
    server = createServer();
  });

  it('does not take half an answer for a whole one', async () => {
    const response = await inside(`${url}/cut`);
    await expect(response.text()).rejects.toBeInstanceOf(TypeError);
  });

  it('ends the request inside when the reader leaves', async () => {
    const response = await inside(`${url}/endless`);
    for await (const chunk of response.body ?? []) if (chunk.byteLength > 0) break;
    await expect.poll(() => here.started - here.ended).toBe(0);
  });

  it('ends the request inside when it is aborted', async () => {
    const controller = new AbortController();
    const response = await inside(`${url}/endless`, { signal: controller.signal });
    expect(response.status).toBe(200);
    controller.abort();
    await expect.poll(() => here.started - here.ended).toBe(0);
  });
});
