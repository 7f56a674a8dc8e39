import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as tlsConnect } from 'node:tls';

const sandbox = join(import.meta.dirname, '..');

/** What a proxy needs before it starts: a home with a CA, an empty env file, and a port. */
export interface EgressHome extends AsyncDisposable {
  readonly path: string;
  readonly envFile: string;
  readonly caFile: string;
  /** Writes the env file as the daemon does: by a rename. */
  configure(values: Record<string, string>): Promise<void>;
}

/** A running mitmdump with the addon. */
export interface EgressProxy extends AsyncDisposable {
  readonly port: number;
  readonly home: EgressHome;
  readonly pid: number;
  /** Everything it has printed so far. */
  output(): string;
  /** Most resident memory it ever had, in MB. */
  peakMemory(): Promise<number>;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Uint8Array;
  /** TLS server name to send in place of the URL's host. */
  readonly servername?: string;
}

/** Fails with what to install where mitmproxy is missing. */
export function requireMitmproxy(): void {
  try {
    execFileSync('mitmdump', ['--version'], { stdio: 'ignore' });
  } catch (cause) {
    throw new Error('mitmdump is missing; run: apt-get install --no-install-recommends mitmproxy', { cause });
  }
}

/** A certificate authority of the tests' own, and a server certificate for 127.0.0.1 and localhost. */
export async function testCertificate(dir: string): Promise<{ ca: string; key: string; cert: string }> {
  const file = (name: string) => join(dir, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const newKey = ['-newkey', 'rsa:2048', '-nodes', '-sha256'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-days',
    '2',
    '-subj',
    '/CN=test ca',
    '-addext',
    'basicConstraints=critical,CA:TRUE',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
  );
  openssl(
    'req',
    ...newKey,
    '-subj',
    '/CN=localhost',
    '-keyout',
    file('server.key'),
    '-out',
    file('server.csr'),
  );
  await writeFile(file('ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  openssl(
    'x509',
    '-req',
    '-in',
    file('server.csr'),
    '-CA',
    file('ca.pem'),
    '-CAkey',
    file('ca.key'),
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    file('ext'),
    '-out',
    file('server.pem'),
  );
  return {
    ca: file('ca.pem'),
    key: await readFile(file('server.key'), 'utf8'),
    cert: await readFile(file('server.pem'), 'utf8'),
  };
}

/** Makes a home with the real generate-ca.sh. */
export async function makeHome(hostCa?: string): Promise<EgressHome> {
  const path = await mkdtemp(join(tmpdir(), 'egress-home-'));
  execFileSync(join(sandbox, 'generate-ca.sh'), {
    env: { PATH: process.env.PATH, HOME: path, ITERATE_HOST_CA: hostCa ?? join(path, 'none') },
    stdio: 'pipe',
  });
  const envFile = join(path, '.iterate/.env');
  return {
    path,
    envFile,
    caFile: join(path, '.iterate/egress/ca.pem'),
    configure: async (values) => {
      const text = Object.entries(values).map(([key, value]) => `${key}=${value}\n`);
      await writeFile(`${envFile}.new`, text.join(''));
      await rename(`${envFile}.new`, envFile);
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

export interface StartOptions {
  /** Folder with egress-proxy.sh and the addon. @default the product's */
  readonly scripts?: string;
  readonly env?: Record<string, string>;
}

/** Starts the real egress-proxy.sh; `exited` in the result of a proxy that never listened. */
export async function startProxy(home: EgressHome, options: StartOptions = {}): Promise<EgressProxy> {
  const port = await freePort();
  let output = '';
  const child = spawn(join(options.scripts ?? sandbox, 'egress-proxy.sh'), {
    env: {
      PATH: process.env.PATH,
      HOME: home.path,
      ITERATE_EGRESS_LISTEN_PORT: String(port),
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const collect = (chunk: Buffer) => {
    output += chunk;
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const stop = () => stopChild(child);
  const deadline = Date.now() + 30_000;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`the egress proxy does not listen; it printed:\n${output}`);
    }
    await sleep(20);
  }
  const { pid } = child;
  if (pid === undefined) throw new Error('the egress proxy has no pid');
  return {
    port,
    home,
    pid,
    output: () => output,
    peakMemory: async () =>
      Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
    [Symbol.asyncDispose]: stop,
  };
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

export async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** An HTTP server that is stopped with its connections. */
export async function serve(
  handler: Parameters<typeof createServer>[1],
): Promise<{ server: Server; port: number } & AsyncDisposable> {
  const server = createServer(handler as never).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: portOf(server), [Symbol.asyncDispose]: () => closeServer(server) };
}

export async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

/** Opens a request through the proxy and hands back the response as it starts. */
export async function open(proxy: EgressProxy, url: string, options: RequestOptions = {}) {
  const target = new URL(url);
  const headers = { host: target.host, ...options.headers };
  const method = options.method ?? 'GET';
  let outgoing: ReturnType<typeof request>;
  if (target.protocol === 'https:') {
    const socket = await tunnel(proxy, `${target.hostname}:${target.port || 443}`);
    const ca = await readFile(proxy.home.caFile);
    const tls = tlsConnect({
      socket,
      ca,
      servername: options.servername ?? target.hostname,
      checkServerIdentity: () => undefined,
    });
    await once(tls, 'secureConnect');
    outgoing = request({
      createConnection: () => tls,
      path: target.pathname + target.search,
      method,
      headers,
    });
  } else {
    outgoing = request({ host: '127.0.0.1', port: proxy.port, path: url, method, headers, agent: false });
  }
  return outgoing;
}

/** A whole exchange through the proxy. */
export async function send(proxy: EgressProxy, url: string, options: RequestOptions = {}): Promise<Reply> {
  const outgoing = await open(proxy, url, options);
  outgoing.end(options.body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

export async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  let whole = '';
  for await (const chunk of stream) whole += chunk;
  return whole;
}

/** A socket after a CONNECT that was answered with 200. */
export async function tunnel(proxy: EgressProxy, authority: string) {
  const outgoing = request({
    host: '127.0.0.1',
    port: proxy.port,
    method: 'CONNECT',
    path: authority,
    agent: false,
  });
  outgoing.end();
  const [response, socket] = (await once(outgoing, 'connect')) as [
    IncomingMessage,
    import('node:net').Socket,
  ];
  if (response.statusCode !== 200) {
    socket.destroy();
    throw new Error(`CONNECT was answered with ${response.statusCode}`);
  }
  return socket;
}

/** Writes bytes to the proxy as they are and collects what comes back until it closes or falls silent. */
export async function raw(port: number, bytes: string | Buffer, silenceMs = 1_500): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(silenceMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.write(bytes);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  await once(socket, 'close');
  return answer;
}
