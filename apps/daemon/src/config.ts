import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import * as z from 'zod';
import { DaemonError } from './daemon-error.js';

const absolutePath = z.string().refine(isAbsolute, 'expected an absolute path');

const settings = z.object({
  ITERATE_DAEMON_HOST: z.string().min(1).default('127.0.0.1'),
  ITERATE_DAEMON_PORT: z.coerce
    .number('expected a port number')
    .int('expected a port number')
    .min(0, 'expected 0 to 65535')
    .max(65_535, 'expected 0 to 65535')
    .default(3000),
  ITERATE_DAEMON_TOKEN_SHA256: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, 'expected the SHA-256 of the token as 64 hexadecimal digits')
    .optional(),
  ITERATE_DAEMON_DB: absolutePath.optional(),
  ITERATE_ENV_FILE: absolutePath.optional(),
  PIDNAP_URL: z
    .url({ protocol: /^https?$/, error: 'expected an http:// or https:// URL' })
    .default('http://127.0.0.1:9876'),
});

/** The daemon's settings. */
export interface DaemonConfig {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** SHA-256 of the API token; without it the API answers 503. */
  readonly tokenSha256: Buffer | null;
  readonly databaseFile: string;
  readonly envFile: string;
  readonly pidnapUrl: string;
}

/**
 * Reads the settings from environment variables; an empty one counts as not set.
 *
 * @throws DaemonError `config-invalid` with every finding
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): DaemonConfig {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = settings.safeParse(set);
  if (!result.success) {
    const issues = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new DaemonError('config-invalid', `The daemon's settings are wrong. ${issues.join('; ')}.`, {
      issues,
    });
  }
  const data = result.data;
  const home = join(homedir(), '.iterate');
  return {
    host: data.ITERATE_DAEMON_HOST,
    port: data.ITERATE_DAEMON_PORT,
    tokenSha256:
      data.ITERATE_DAEMON_TOKEN_SHA256 === undefined
        ? null
        : Buffer.from(data.ITERATE_DAEMON_TOKEN_SHA256, 'hex'),
    databaseFile: data.ITERATE_DAEMON_DB ?? join(home, 'daemon.db'),
    envFile: data.ITERATE_ENV_FILE ?? join(home, '.env'),
    pidnapUrl: data.PIDNAP_URL,
  };
}
