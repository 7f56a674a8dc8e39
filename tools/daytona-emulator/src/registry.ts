import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RegistryPushAccessDto } from '@daytona/api-client';
import type { RegistryLogin } from './build-image.js';
import { findRegistryProgram } from './registry-program.js';

const USERNAME = 'emulator';
const PROJECT = 'daytona-emulator';
const START_TIMEOUT_MS = 10_000;
const MOST_OUTPUT = 4_000;
const ACCESS_MS = 60 * 60_000;

/**
 * The registry of the service, to which clients push images without one of their own. It is a real registry that
 * listens on a socket file; the emulator's own address passes on to it what carries the password, since engines
 * talk to loopback without TLS.
 */
export class Registry {
  readonly #password = randomBytes(20).toString('hex');
  #running: Promise<{ socketPath: string; dir: string; child: ChildProcess }> | undefined;

  /** What a client needs to push. Starts the registry. @param host `host:port` of the emulator. */
  async pushAccess(host: string): Promise<RegistryPushAccessDto> {
    await this.#start();
    return {
      username: USERNAME,
      secret: this.#password,
      registryUrl: host,
      registryId: PROJECT,
      project: PROJECT,
      expiresAt: new Date(Date.now() + ACCESS_MS).toISOString(),
    };
  }

  /** The login for a pull of an image of this registry; `undefined` for any other image. */
  loginFor(image: string, host: string): RegistryLogin | undefined {
    return image.startsWith(`${host}/`) ? { username: USERNAME, password: this.#password } : undefined;
  }

  /** Answers `/v2/…`. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#allows(request.headers.authorization)) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="daytona-emulator"' });
      response.end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'no basic auth' }] }));
      return;
    }
    const refuse = (error: unknown) => {
      if (!response.headersSent) response.writeHead(502);
      response.end(error instanceof Error ? error.message : String(error));
    };
    try {
      const { socketPath } = await this.#start();
      const { method, url: path, headers } = request;
      const upstream = httpRequest({ socketPath, method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      upstream.once('error', refuse);
      response.once('close', () => upstream.destroy());
      request.pipe(upstream);
    } catch (error) {
      refuse(error);
    }
  }

  async close(): Promise<void> {
    const running = await this.#running?.catch(() => undefined);
    if (running === undefined) return;
    if (running.child.exitCode === null && running.child.signalCode === null) {
      running.child.kill('SIGTERM');
      await once(running.child, 'exit');
    }
    await rm(running.dir, { recursive: true, force: true });
  }

  #allows(header: string | undefined): boolean {
    const expected = Buffer.from(`Basic ${Buffer.from(`${USERNAME}:${this.#password}`).toString('base64')}`);
    const given = Buffer.from(header ?? '');
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  #start(): Promise<{ socketPath: string; dir: string; child: ChildProcess }> {
    this.#running ??= startRegistry().catch((error) => {
      this.#running = undefined;
      throw error;
    });
    return this.#running;
  }
}

async function startRegistry(): Promise<{ socketPath: string; dir: string; child: ChildProcess }> {
  const program = await findRegistryProgram();
  const dir = await mkdtemp(join(tmpdir(), 'daytona-emulator-registry-'));
  const socketPath = join(dir, 'registry.sock');
  const config = join(dir, 'config.yml');
  await writeFile(
    config,
    JSON.stringify({
      version: '0.1',
      log: { level: 'error' },
      storage: { filesystem: { rootdirectory: join(dir, 'data') } },
      http: { net: 'unix', addr: socketPath, relativeurls: true },
    }),
  );
  const child = spawn(program, ['serve', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  // It calls every blob that is not there yet an error: only what it says on starting is of interest.
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    if (said.length < MOST_OUTPUT) said += chunk.toString();
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(socketPath))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      await rm(dir, { recursive: true, force: true });
      throw new Error(`${program} did not start: ${said.trim()}`);
    }
    await sleep(50);
  }
  return { socketPath, dir, child };
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = httpRequest({ socketPath, path: '/v2/' }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    request.once('error', () => resolve(false));
    request.end();
  });
}
