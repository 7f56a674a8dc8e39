import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { createClient } from 'pidnap/client';
import type { DaemonConfig } from './config.js';
import { DaemonError, errnoOf } from './daemon-error.js';
import { Database } from './database/database.js';
import { EnvChangeHistory } from './database/env-change-history.js';
import { readMigrations } from './database/read-migrations.js';
import { ServiceHistory } from './database/service-history.js';
import { EnvFile } from './env/env-file.js';
import { createApp } from './http/create-app.js';
import { ServiceEventStreams } from './http/service-event-streams.js';
import type { Logger } from './logger.js';
import { migrationsDirectory, webDirectory } from './package-files.js';
import { ServiceControl } from './services/service-control.js';
import { ServiceMonitor } from './services/service-monitor.js';

/** A daemon that listens. */
export interface RunningDaemon extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Takes no new requests, ends event streams at once, gives requests under way a moment to end. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** What requests under way get to end when the daemon stops. @default 3_000 */
  readonly stopGraceMs?: number;
}

/**
 * Starts the daemon.
 *
 * @throws DaemonError `port-taken`, `listen-failed`
 */
export async function startDaemon(
  config: DaemonConfig,
  logger: Logger,
  { stopGraceMs = 3_000 }: StartOptions = {},
): Promise<RunningDaemon> {
  const database = new Database(config.databaseFile, (await readMigrations(migrationsDirectory)).length);
  const history = new ServiceHistory(database);
  const pidnap = createClient({ url: config.pidnapUrl });
  const monitor = new ServiceMonitor({ pidnap, history, logger });
  const streams = new ServiceEventStreams({ monitor, history, logger });
  const app = createApp({
    tokenSha256: config.tokenSha256,
    database,
    envFile: new EnvFile(config.envFile),
    envChanges: new EnvChangeHistory(database),
    history,
    monitor,
    control: new ServiceControl(pidnap, logger),
    streams,
    webDirectory,
    logger,
  });
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  const url = await listen(server, config);
  monitor.start();

  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      streams.close();
      const grace = setTimeout(() => server.closeAllConnections(), stopGraceMs);
      await Promise.all([closed, monitor.stop()]);
      clearTimeout(grace);
      await database.close();
    })();
    return stopped;
  };
  return { url, stop, [Symbol.asyncDispose]: stop };
}

async function listen(server: Server, { host, port }: DaemonConfig): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  }).catch((cause: unknown) => {
    const errno = errnoOf(cause);
    if (errno === 'EADDRINUSE') {
      throw new DaemonError(
        'port-taken',
        `Port ${port} on ${host} is taken by another program. Stop it, or set ITERATE_DAEMON_PORT.`,
        { host, port },
        { cause },
      );
    }
    throw new DaemonError(
      'listen-failed',
      `Cannot listen on ${host}:${port} (${errno}). Check ITERATE_DAEMON_HOST and ITERATE_DAEMON_PORT.`,
      { host, port, errno },
      { cause },
    );
  });
  const address = server.address();
  const actual = address !== null && typeof address === 'object' ? address.port : port;
  return `http://${host.includes(':') ? `[${host}]` : host}:${actual}`;
}
