import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DaemonConfig } from '../src/config.js';
import { migrateDatabase } from '../src/database/migrate-database.js';
import { readMigrations } from '../src/database/read-migrations.js';
import { createLogger } from '../src/logger.js';
import { migrationsDirectory } from '../src/package-files.js';
import { type StartOptions, startDaemon } from '../src/start-daemon.js';

export const token = 'a-token-of-the-tests';
export const tokenSha256 = createHash('sha256').update(token).digest('hex');

/** A daemon in this process with files of its own. */
export interface TestDaemon extends AsyncDisposable {
  readonly url: string;
  readonly directory: string;
  readonly envFile: string;
  /** What it logged. */
  readonly log: readonly string[];
  /** A request with the token; a body that is not a string is sent as JSON. */
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  stop(): Promise<void>;
}

/** Starts a daemon on a free port, with a migrated database unless `migrate` is false. */
export async function startTestDaemon(
  options: Partial<DaemonConfig> & StartOptions & { migrate?: boolean } = {},
): Promise<TestDaemon> {
  const directory = await mkdtemp(join(tmpdir(), 'daemon-'));
  const { migrate = true, stopGraceMs, ...overrides } = options;
  const config: DaemonConfig = {
    host: '127.0.0.1',
    port: 0,
    tokenSha256: Buffer.from(tokenSha256, 'hex'),
    databaseFile: join(directory, 'daemon.db'),
    envFile: join(directory, '.env'),
    pidnapUrl: `http://127.0.0.1:${await unusedPort()}`,
    ...overrides,
  };
  if (migrate) await migrateDatabase(config.databaseFile, await readMigrations(migrationsDirectory));
  const log: string[] = [];
  const daemon = await startDaemon(
    config,
    createLogger((line) => log.push(line)),
    stopGraceMs === undefined ? {} : { stopGraceMs },
  );
  return {
    url: daemon.url,
    directory,
    envFile: config.envFile,
    log,
    stop: daemon.stop,
    request: (method, path, body, headers) =>
      fetch(daemon.url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    [Symbol.asyncDispose]: async () => {
      await daemon.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A port that nothing listens on. */
export async function unusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('The probe server has no port.');
  return address.port;
}
