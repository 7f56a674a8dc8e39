import { readConfig } from './config.js';
import { DaemonError, messageOf } from './daemon-error.js';
import { createLogger } from './logger.js';
import { startDaemon } from './start-daemon.js';
import { version } from './version.js';

const logger = createLogger();

try {
  const config = readConfig(process.env);
  const daemon = await startDaemon(config, logger);
  logger.info('listening', { url: daemon.url, version, pid: process.pid });
  if (config.tokenSha256 === null) {
    logger.warn('the API is closed: ITERATE_DAEMON_TOKEN_SHA256 is not set');
  }
  const end = (signal: NodeJS.Signals): void => {
    logger.info('stopping', { signal });
    daemon.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  // Listeners that stay: the env file's lock ends the process on a signal that has no other listener.
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
} catch (error) {
  fail(error);
}

function fail(error: unknown): never {
  logger.error(messageOf(error), error instanceof DaemonError ? { code: error.code } : {});
  process.exit(1);
}
