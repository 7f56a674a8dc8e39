import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from './config.js';

describe('readConfig', () => {
  it('has a default for everything but the token; empty counts as not set', () => {
    expect(readConfig({ ITERATE_DAEMON_PORT: '', ITERATE_DAEMON_TOKEN_SHA256: '' })).toEqual({
      host: '127.0.0.1',
      port: 3000,
      tokenSha256: null,
      databaseFile: join(homedir(), '.iterate/daemon.db'),
      envFile: join(homedir(), '.iterate/.env'),
      pidnapUrl: 'http://127.0.0.1:9876',
    });
  });

  it('reads every variable', () => {
    expect(
      readConfig({
        ITERATE_DAEMON_HOST: '0.0.0.0',
        ITERATE_DAEMON_PORT: '0',
        ITERATE_DAEMON_TOKEN_SHA256: 'AB'.repeat(32),
        ITERATE_DAEMON_DB: '/data/d.db',
        ITERATE_ENV_FILE: '/data/.env',
        PIDNAP_URL: 'http://127.0.0.1:1',
      }),
    ).toEqual({
      host: '0.0.0.0',
      port: 0,
      tokenSha256: Buffer.alloc(32, 0xab),
      databaseFile: '/data/d.db',
      envFile: '/data/.env',
      pidnapUrl: 'http://127.0.0.1:1',
    });
  });

  it.each([
    ['ITERATE_DAEMON_PORT', '70000'],
    ['ITERATE_DAEMON_PORT', '3000x'],
    ['ITERATE_DAEMON_TOKEN_SHA256', 'the-token-itself'],
    ['ITERATE_DAEMON_DB', 'relative.db'],
    ['ITERATE_ENV_FILE', './.env'],
    ['PIDNAP_URL', 'file:///etc/passwd'],
  ])('refuses %s=%s and does not repeat the value', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(
      expect.objectContaining({
        code: 'config-invalid',
        message: expect.not.stringContaining(value),
        details: { issues: [expect.stringMatching(`^${name}: expected`)] },
      }),
    );
  });
});
