import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, copyFile, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  closeServer,
  type EgressHome,
  type EgressProxy,
  freePort,
  makeHome,
  open,
  portOf,
  raw,
  requireMitmproxy,
  send,
  serve,
  startProxy,
  testCertificate,
  text,
  tunnel,
} from './test/egress-proxy.js';

const KEY = 'canary-api-key-7f3a';
const MB = 1024 * 1024;

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: string[];
  readonly bytes: number;
}

let dir: string;
let certificate: Awaited<ReturnType<typeof testCertificate>>;
let home: EgressHome;
let proxy: EgressProxy;
/** What reached the worker, and what reached the server that requests were meant for. */
let seen: Seen[] = [];
let upstreamSeen: Seen[] = [];
let worker: Awaited<ReturnType<typeof serve>>;
let upstream: Awaited<ReturnType<typeof serve>>;

const record =
  (into: () => Seen[], answer: string) =>
  async (incoming: IncomingMessage, response: import('node:http').ServerResponse) => {
    let bytes = 0;
    for await (const chunk of incoming) bytes += chunk.length;
    into().push({
      method: incoming.method,
      url: incoming.url,
      headers: incoming.headers,
      rawHeaders: incoming.rawHeaders,
      bytes,
    });
    response.end(answer);
  };
const workerUrl = () => `http://127.0.0.1:${worker.port}/egress`;
const useWorker = (url = workerUrl()) =>
  home.configure({ ITERATE_EGRESS_PROXY_URL: url, ITERATE_EGRESS_API_KEY: KEY });

beforeAll(async () => {
  requireMitmproxy();
  dir = await mkdtemp(join(tmpdir(), 'egress-test-'));
  certificate = await testCertificate(dir);
  home = await makeHome(certificate.ca);
  worker = await serve(record(() => seen, 'from the worker'));
  upstream = await serve(record(() => upstreamSeen, 'from upstream'));
  await useWorker();
  proxy = await startProxy(home);
});

beforeEach(async () => {
  seen = [];
  upstreamSeen = [];
  await useWorker();
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await worker[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

/** A folder with the product's scripts and Python code appended to the addon. */
async function sabotaged(code: string): Promise<string> {
  const scripts = await mkdtemp(join(dir, 'scripts-'));
  await copyFile(join(import.meta.dirname, 'egress-proxy.sh'), join(scripts, 'egress-proxy.sh'));
  await copyFile(join(import.meta.dirname, 'egress-proxy-addon.py'), join(scripts, 'egress-proxy-addon.py'));
  await cp(join(import.meta.dirname, 'egress_proxy'), join(scripts, 'egress_proxy'), { recursive: true });
  await appendFile(join(scripts, 'egress-proxy-addon.py'), `\n${code}\n`);
  return scripts;
}

describe('with a worker', () => {
  it.each(['http', 'https'])(
    'sends a request for %s to it, with the original URL, the method and the key',
    async (scheme) => {
      const reply = await send(proxy, `${scheme}://api.example.test:8443/a%20b?q=1&r=%2F`, {
        method: 'PUT',
        body: 'hello',
        headers: {
          'content-length': '5',
          authorization: 'Bearer t',
          connection: 'keep-alive, X-Iterate-Original-URL',
        },
      });
      expect(reply).toMatchObject({ status: 200, body: 'from the worker' });
      expect(seen).toHaveLength(1);
      expect(seen[0]).toMatchObject({
        method: 'PUT',
        url: '/egress',
        bytes: 5,
        headers: {
          host: `127.0.0.1:${worker.port}`,
          authorization: 'Bearer t',
          connection: 'keep-alive',
          'x-iterate-original-url': `${scheme}://api.example.test:8443/a%20b?q=1&r=%2F`,
          'x-iterate-original-method': 'PUT',
          'x-iterate-egress-key': KEY,
        },
      });
    },
  );

  it.each(['GET', 'HEAD', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'])(
    'keeps the method %s',
    async (method) => {
      await send(proxy, 'https://api.example.test/', { method });
      expect(seen[0]).toMatchObject({ method, headers: { 'x-iterate-original-method': method } });
    },
  );

  it('reaches a worker over TLS that the trust bundle vouches for', async () => {
    const server = createHttpsServer(
      { key: certificate.key, cert: certificate.cert },
      record(() => seen, 'tls worker'),
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await useWorker(`https://127.0.0.1:${portOf(server)}/w?tenant=1`);
    for (const url of ['http://api.example.test/x', 'https://api.example.test/x']) {
      expect(await send(proxy, url)).toMatchObject({ status: 200, body: 'tls worker' });
    }
    expect(seen.map((s) => s.url)).toEqual(['/w?tenant=1', '/w?tenant=1']);
    await closeServer(server);
  });

  it('does not send the request to a worker whose certificate nobody vouches for', async () => {
    const other = await mkdtemp(join(dir, 'other-'));
    const stranger = await testCertificate(other);
    const server = createHttpsServer(
      { key: stranger.key, cert: stranger.cert },
      record(() => seen, 'stranger'),
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await useWorker(`https://127.0.0.1:${portOf(server)}/`);
    expect((await send(proxy, 'http://api.example.test/')).status).toBe(502);
    expect(seen).toEqual([]);
    await closeServer(server);
  });

  it('drops every header that could be mistaken for its own: any case, underscores, duplicates', async () => {
    const forged = [
      'X-Iterate-Original-URL: http://forged.test/',
      'x-iterate-original-url: http://forged.test/',
      'X_ITERATE_EGRESS_KEY: forged',
      'x-iterate_original-METHOD: forged',
      'X-Iterate-Anything: forged',
      'Proxy-Authorization: Basic forged',
    ];
    await raw(
      proxy.port,
      `GET http://api.example.test/ HTTP/1.1\r\nHost: api.example.test\r\n${forged.join('\r\n')}\r\nConnection: close\r\n\r\n`,
    );
    expect(seen).toHaveLength(1);
    expect(JSON.stringify(seen[0]?.rawHeaders)).not.toContain('forged');
    const own = seen[0]?.rawHeaders.filter((name) => /^x.iterate/i.test(name));
    expect(own).toEqual(['X-Iterate-Original-URL', 'X-Iterate-Original-Method', 'X-Iterate-Egress-Key']);
  });

  it('answers 502 while it is down, for a request with and without a body, and never goes direct', async () => {
    await useWorker(`http://127.0.0.1:${await freePort()}/`);
    for (const options of [{}, { method: 'POST', body: 'x'.repeat(1000) }]) {
      const reply = await send(proxy, `http://127.0.0.1:${upstream.port}/`, options);
      expect(reply.status).toBe(502);
      expect(reply.body).toContain('no answer from the egress worker');
    }
    expect(upstreamSeen).toEqual([]);
  });

  it('answers 502 when it hangs up without an answer', async () => {
    await using rude = await serve((_, response) => response.destroy());
    await useWorker(`http://127.0.0.1:${rude.port}/`);
    expect((await send(proxy, `http://127.0.0.1:${upstream.port}/`)).status).toBe(502);
    expect(upstreamSeen).toEqual([]);
  });

  it.each(['http', 'https'])('passes server-sent events one by one over %s', async (scheme) => {
    let next: (() => void) | undefined;
    await using source = await serve(async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const n of [1, 2, 3]) {
        response.write(`data: ${n}\n\n`);
        // The next event is sent only once this one has arrived: a proxy that holds events back stops here.
        await new Promise<void>((resolve) => {
          next = resolve;
        });
      }
      response.end();
    });
    await useWorker(`http://127.0.0.1:${source.port}/`);
    const outgoing = await open(proxy, `${scheme}://llm.example.test/v1/messages`, { method: 'POST' });
    outgoing.end('{}');
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const events: string[] = [];
    for await (const chunk of response) {
      events.push(String(chunk));
      next?.();
    }
    expect(events).toEqual(['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']);
  });

  it('streams a request body while the response has not started', async () => {
    let arrived: (chunk: string) => void = () => {};
    const first = new Promise<string>((resolve) => {
      arrived = resolve;
    });
    await using sink = await serve(async (incoming, response) => {
      for await (const chunk of incoming) arrived(String(chunk));
      response.end('done');
    });
    await useWorker(`http://127.0.0.1:${sink.port}/`);
    const outgoing = await open(proxy, 'https://api.example.test/upload', { method: 'POST' });
    outgoing.write('first');
    expect(await first).toBe('first');
    outgoing.end('last');
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(await text(response)).toBe('done');
  });

  it('moves 200 MB each way in flat memory', async () => {
    const chunk = Buffer.alloc(MB, 'x');
    await using store = await serve(async (incoming, response) => {
      let bytes = 0;
      for await (const part of incoming) bytes += part.length;
      response.setHeader('x-received', String(bytes));
      for (let n = 0; n < 200; n++) {
        if (!response.write(chunk)) await once(response, 'drain');
      }
      response.end();
    });
    await using ownHome = await makeHome();
    await ownHome.configure({ ITERATE_EGRESS_PROXY_URL: `http://127.0.0.1:${store.port}/` });
    await using own = await startProxy(ownHome);
    const outgoing = await open(own, 'https://api.example.test/large', { method: 'POST' });
    for (let n = 0; n < 200; n++) {
      if (!outgoing.write(chunk)) await once(outgoing, 'drain');
    }
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    let bytes = 0;
    for await (const part of response) bytes += part.length;
    expect(response.headers['x-received']).toBe(String(200 * MB));
    expect(bytes).toBe(200 * MB);
    expect(await own.peakMemory()).toBeLessThan(160);
  });

  it.each(['http', 'https'])('refuses an upgrade over %s, with 403', async (scheme) => {
    const headers = {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    };
    const reply = await send(proxy, `${scheme}://127.0.0.1:${upstream.port}/`, { headers });
    expect(reply.status).toBe(403);
    expect([seen, upstreamSeen]).toEqual([[], []]);
  });

  it('takes an offer to upgrade to h2c out and sends the request on', async () => {
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
    expect((await send(proxy, 'http://api.example.test/', { headers })).status).toBe(200);
    expect(seen[0]?.headers).not.toHaveProperty('upgrade');
    expect(seen[0]?.headers).not.toHaveProperty('http2-settings');
  });
});

describe('what is refused', () => {
  it('a Host header that differs from the target', async () => {
    const reply = await send(proxy, `http://127.0.0.1:${upstream.port}/`, { headers: { host: 'evil.test' } });
    expect(reply.status).toBe(421);
    expect(
      (await send(proxy, 'https://a.example.test/', { headers: { host: 'b.example.test' } })).status,
    ).toBe(421);
    expect(
      (await send(proxy, 'https://a.example.test/', { headers: { host: 'a.example.test:8443' } })).status,
    ).toBe(421);
    expect([seen, upstreamSeen]).toEqual([[], []]);
  });

  it('a TLS server name that differs from the CONNECT target', async () => {
    expect((await send(proxy, 'https://a.example.test/', { servername: 'b.example.test' })).status).toBe(421);
    expect((await send(proxy, 'https://A.example.test/', { servername: 'a.EXAMPLE.test' })).status).toBe(200);
  });

  it('TRACE, and CONNECT inside a tunnel', async () => {
    expect((await send(proxy, 'http://api.example.test/', { method: 'TRACE' })).status).toBe(405);
    const socket = await tunnel(proxy, 'api.example.test:80');
    socket.write('CONNECT other.example.test:443 HTTP/1.1\r\nHost: other.example.test:443\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(String(answer)).toMatch(/^HTTP\/1\.1 405 /);
    socket.destroy();
    expect(seen).toEqual([]);
  });

  it('the worker itself', async () => {
    expect((await send(proxy, `${workerUrl()}/steal`)).status).toBe(403);
    await expect(tunnel(proxy, `127.0.0.1:${worker.port}`)).rejects.toThrow('403');
    expect(seen).toEqual([]);
  });

  it.each(['127.0.0.1', 'localhost', '127.1', '2130706433', '0x7f.1', '0.0.0.0', '[::1]'])(
    'the proxy itself as %s',
    async (name) => {
      const answer = await raw(
        proxy.port,
        `GET http://${name}:${proxy.port}/ HTTP/1.1\r\nHost: ${name}:${proxy.port}\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 403 /);
      expect(seen).toEqual([]);
    },
  );

  it.each([
    ['Content-Length and Transfer-Encoding', 'Content-Length: 4\r\nTransfer-Encoding: chunked'],
    ['two Content-Lengths', 'Content-Length: 4\r\nContent-Length: 5'],
    ['a space before the colon', 'Content-Length : 4'],
    ['an odd Transfer-Encoding', 'Transfer-Encoding: xchunked'],
  ])('%s: no second request is smuggled', async (_, header) => {
    const answer = await raw(
      proxy.port,
      `POST http://api.example.test/ HTTP/1.1\r\nHost: api.example.test\r\n${header}\r\n\r\n0\r\n\r\nGET http://smuggled.test/ HTTP/1.1\r\nHost: smuggled.test\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(seen).toEqual([]);
  });

  it('a request with two Host headers', async () => {
    const answer = await raw(
      proxy.port,
      'GET http://api.example.test/ HTTP/1.1\r\nHost: api.example.test\r\nHost: evil.test\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(seen).toEqual([]);
  });

  it.each([
    ['bytes that are no HTTP', Buffer.from([0, 1, 2, 3, 255, 254])],
    ['an SSH greeting', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')],
    ['HTTP/2 without TLS', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
  ])('%s inside a CONNECT: nothing of it arrives', async (_, bytes) => {
    let received = 0;
    const server = createTcpServer((socket) => socket.on('data', (data) => (received += data.length))).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    for (const values of [{ ITERATE_EGRESS_PROXY_URL: workerUrl() }, {}] as Record<string, string>[]) {
      await home.configure(values);
      const socket = await tunnel(proxy, `127.0.0.1:${(server.address() as { port: number }).port}`);
      socket.on('error', () => {});
      socket.write(bytes);
      await Promise.race([once(socket, 'close'), once(socket, 'data'), sleep(1_000)]);
      socket.destroy();
    }
    server.close();
    expect(received).toBe(0);
    expect(seen).toEqual([]);
  });
});

describe('the configuration', () => {
  const direct = () => `http://127.0.0.1:${upstream.port}/`;

  it('is read at request time: a worker is added, changed and removed without a restart', async () => {
    await using second = await serve((_, response) => response.end('second worker'));
    expect((await send(proxy, direct())).body).toBe('from the worker');
    const before = proxy.output().length;
    await home.configure({});
    expect((await send(proxy, direct())).body).toBe('from upstream');
    await useWorker();
    expect((await send(proxy, direct())).body).toBe('from the worker');
    await useWorker(`http://127.0.0.1:${second.port}/`);
    expect((await send(proxy, direct())).body).toBe('second worker');
    await rm(home.envFile);
    expect((await send(proxy, direct())).body).toBe('from upstream');
    await expect
      .poll(() =>
        proxy
          .output()
          .slice(before)
          .match(/requests pass through directly/g),
      )
      .toHaveLength(2);
  });

  it('understands what a dotenv file may hold', async () => {
    const url = workerUrl();
    await writeFile(
      home.envFile,
      `\ufeff# comment\nOTHER="several\nITERATE_EGRESS_PROXY_URL=http://127.0.0.1:1/\n"\n export ITERATE_EGRESS_PROXY_URL='${url}' # why\nITERATE_EGRESS_API_KEY="${KEY}"\n`,
    );
    expect((await send(proxy, direct())).body).toBe('from the worker');
    expect(seen[0]?.headers['x-iterate-egress-key']).toBe(KEY);
  });

  it('a file truncated and written again is never read in between', async () => {
    for (let n = 0; n < 10; n++) {
      await writeFile(home.envFile, '');
      const reply = send(proxy, direct());
      await sleep(20);
      await writeFile(home.envFile, `ITERATE_EGRESS_PROXY_URL=${workerUrl()}\n`);
      expect((await reply).body).toBe('from the worker');
    }
    expect(upstreamSeen).toEqual([]);
  });

  it.each([
    ['not a URL', 'nonsense'],
    ['another scheme', 'ftp://worker.test/'],
    ['user info', `http://user:${KEY}@worker.test/`],
    ['a port out of range', 'http://worker.test:99999/'],
  ])('a worker that is %s refuses every request with 500', async (_, url) => {
    await home.configure({ ITERATE_EGRESS_PROXY_URL: url });
    const reply = await send(proxy, direct());
    expect(reply.status).toBe(500);
    expect(reply.body).not.toContain(KEY);
    expect(upstreamSeen).toEqual([]);
  });

  it('an env file that cannot be read refuses every request with 500', async () => {
    await writeFile(home.envFile, Buffer.from([0xff, 0xfe, 0x41]));
    expect((await send(proxy, direct())).status).toBe(500);
    expect(upstreamSeen).toEqual([]);
  });

  it('falls back to the environment of the process', async () => {
    await using ownHome = await makeHome();
    await using own = await startProxy(ownHome, { env: { ITERATE_EGRESS_PROXY_URL: workerUrl() } });
    expect((await send(own, direct())).body).toBe('from the worker');
    await ownHome.configure({ ITERATE_EGRESS_PROXY_URL: '' });
    expect((await send(own, direct())).body).toBe('from upstream');
  });
});

describe('without a worker', () => {
  beforeEach(() => home.configure({}));

  it('says so once, and passes requests through', async () => {
    await using ownHome = await makeHome();
    await using own = await startProxy(ownHome);
    for (let n = 0; n < 3; n++) {
      expect((await send(own, `http://127.0.0.1:${upstream.port}/p?q=1`)).body).toBe('from upstream');
    }
    expect(own.output().match(/no egress worker is configured/g)).toHaveLength(1);
    expect(upstreamSeen[0]).toMatchObject({ url: '/p?q=1', headers: { host: `127.0.0.1:${upstream.port}` } });
    expect(JSON.stringify(upstreamSeen)).not.toMatch(/x-iterate/i);
  });

  it('verifies the certificates of servers', async () => {
    const stranger = await testCertificate(await mkdtemp(join(dir, 'stranger-')));
    const trusted = createHttpsServer({ key: certificate.key, cert: certificate.cert }, (_, r) =>
      r.end('trusted'),
    ).listen(0, '127.0.0.1');
    const unknown = createHttpsServer({ key: stranger.key, cert: stranger.cert }, (_, r) =>
      r.end('unknown'),
    ).listen(0, '127.0.0.1');
    await Promise.all([once(trusted, 'listening'), once(unknown, 'listening')]);
    expect(await send(proxy, `https://localhost:${portOf(trusted)}/`)).toMatchObject({
      status: 200,
      body: 'trusted',
    });
    expect((await send(proxy, `https://localhost:${portOf(unknown)}/`)).status).toBe(502);
    await Promise.all([closeServer(trusted), closeServer(unknown)]);
  });

  it('passes a WebSocket', async () => {
    let upgraded: Duplex | undefined;
    const server = createServer().listen(0, '127.0.0.1');
    server.on('upgrade', (incoming, socket) => {
      upgraded = socket;
      const accept = execFileSync('openssl', ['dgst', '-sha1', '-binary'], {
        input: `${incoming.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`,
      });
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept.toString('base64')}\r\n\r\n`,
      );
      // An unmasked text frame.
      socket.write(Buffer.concat([Buffer.from([0x81, 5]), Buffer.from('hello')]));
    });
    await once(server, 'listening');
    const host = `127.0.0.1:${portOf(server)}`;
    const answer = await raw(
      proxy.port,
      `GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    expect(answer).toContain('hello');
    upgraded?.destroy();
    await closeServer(server);
  });

  it('does not follow a name that leads back to itself', async () => {
    // localhost.localdomain-style names are unknown here; the proxy's own outgoing connection is what gives a loop away.
    const answer = await raw(
      proxy.port,
      `GET / HTTP/1.1\r\nHost: ip6-localhost:${proxy.port}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 (403|502) /);
  });
});

describe('when something is broken', () => {
  const direct = () => `http://127.0.0.1:${upstream.port}/`;

  it('an exception in the addon refuses the request with 500', async () => {
    const scripts = await sabotaged(
      'async def boom(self):\n    raise RuntimeError("canary-exception")\nEgressAddon._worker = boom',
    );
    await using own = await startProxy(home, { scripts });
    for (const options of [{}, { method: 'POST', body: 'x' }])
      expect((await send(own, direct(), options)).status).toBe(500);
    await expect(tunnel(own, `127.0.0.1:${upstream.port}`)).rejects.toThrow('500');
    expect([seen, upstreamSeen]).toEqual([[], []]);
    expect(own.output()).toContain('RuntimeError at');
    expect(own.output()).not.toContain('canary-exception');
  });

  it('an exception that nothing catches still sends nothing out', async () => {
    const scripts = await sabotaged(
      'def boom(self, flow):\n    raise RuntimeError("boom")\nEgressAddon.requestheaders = boom',
    );
    await using own = await startProxy(home, { scripts });
    for (const options of [{}, { method: 'POST', body: 'x' }])
      expect((await send(own, direct(), options)).status).toBe(502);
    expect([seen, upstreamSeen]).toEqual([[], []]);
  });

  it('an addon that does not load leaves no proxy behind', async () => {
    const scripts = await sabotaged('this is not Python');
    await expect(startProxy(home, { scripts })).rejects.toThrow(/does not listen/);
  });

  it('overwriting or removing the addon of a running proxy changes nothing', async () => {
    const scripts = await sabotaged('');
    await using own = await startProxy(home, { scripts });
    await writeFile(join(scripts, 'egress-proxy-addon.py'), 'addons = []\n');
    // mitmproxy looks at its scripts every second.
    await sleep(2_200);
    expect((await send(own, direct())).body).toBe('from the worker');
    await rm(join(scripts, 'egress-proxy-addon.py'));
    await sleep(2_200);
    expect((await send(own, direct())).body).toBe('from the worker');
    expect(upstreamSeen).toEqual([]);
  });

  it('a port in use ends the proxy with a message', async () => {
    const taken = { env: { ITERATE_EGRESS_LISTEN_PORT: String(proxy.port) } };
    const failed = execFileResult(join(import.meta.dirname, 'egress-proxy.sh'), {
      PATH: process.env.PATH,
      HOME: home.path,
      ...taken.env,
    });
    expect(failed).toMatchObject({ status: 1 });
    expect(failed.output).toContain('cannot listen on port');
  });
});

function execFileResult(file: string, env: NodeJS.ProcessEnv): { status: number; output: string } {
  try {
    return {
      status: 0,
      output: execFileSync(file, { env, stdio: 'pipe', encoding: 'utf8', timeout: 20_000 }),
    };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    return { status, output: stdout + stderr };
  }
}

describe('the log', () => {
  it('has one line per request, without query, headers or key', async () => {
    const secret = 'canary-in-the-request';
    await send(proxy, `https://log.example.test/path?token=${secret}`, {
      method: 'POST',
      body: `body ${secret}`,
      headers: { authorization: secret, cookie: secret },
    });
    await send(proxy, `http://log.example.test/refused?token=${secret}`, { method: 'TRACE' });
    await expect.poll(() => requests().length).toBe(2);
    expect(requests()).toMatchObject([
      {
        event: 'request',
        method: 'POST',
        path: '/path',
        status: 200,
        via: 'worker',
        requestBytes: 26,
        responseBytes: 15,
        ms: expect.any(Number),
      },
      {
        event: 'request',
        method: 'TRACE',
        path: '/refused',
        status: 405,
        via: 'refused',
        reason: 'TRACE is not allowed',
      },
    ]);
    expect(proxy.output()).not.toContain(secret);
    expect(proxy.output()).not.toContain(KEY);
  });

  function requests(): Record<string, unknown>[] {
    return proxy
      .output()
      .split('\n')
      .filter((line) => line.includes('log.example.test'))
      .map((line) => JSON.parse(line));
  }
});
