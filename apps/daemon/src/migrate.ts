import { readConfig } from './config.js';
import { DaemonError, messageOf } from './daemon-error.js';
import { migrateDatabase } from './database/migrate-database.js';
import { readMigrations } from './database/read-migrations.js';
import { createLogger } from './logger.js';
import { migrationsDirectory } from './package-files.js';

const logger = createLogger();

try {
  const { databaseFile } = readConfig(process.env);
  const { applied, version } = await migrateDatabase(databaseFile, await readMigrations(migrationsDirectory));
  for (const migration of applied) logger.info('migration applied', { migration });
  logger.info('the database is current', { file: databaseFile, schema: version });
} catch (error) {
  logger.error(messageOf(error), error instanceof DaemonError ? { code: error.code } : {});
  process.exitCode = 1;
}
