import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withDockerLogin } from './docker-login.js';

const login = { host: 'registry.test', username: 'me', secret: 'pass' };
const before = process.env.DOCKER_CONFIG;
let own: string;

beforeEach(() => {
  own = mkdtempSync(join(tmpdir(), 'docker-login-'));
  process.env.DOCKER_CONFIG = own;
});
afterEach(() => {
  if (before === undefined) delete process.env.DOCKER_CONFIG;
  else process.env.DOCKER_CONFIG = before;
  rmSync(own, { recursive: true });
});

const current = () => process.env.DOCKER_CONFIG ?? '';
const config = () => JSON.parse(readFileSync(join(current(), 'config.json'), 'utf8'));
const auth = Buffer.from('me:pass').toString('base64');

it('adds a login to a copy of the config, and leaves no trace', async () => {
  const mine = { credsStore: 'desktop', currentContext: 'far', auths: { 'other.test': { auth: 'x' } } };
  writeFileSync(join(own, 'config.json'), JSON.stringify(mine));
  mkdirSync(join(own, 'contexts'));
  writeFileSync(join(own, 'contexts', 'meta'), 'kept');
  let used = '';
  const result = await withDockerLogin(login, async () => {
    used = current();
    expect(config()).toEqual({
      currentContext: 'far',
      auths: { 'other.test': { auth: 'x' }, 'registry.test': { auth } },
    });
    expect(readFileSync(join(used, 'contexts', 'meta'), 'utf8')).toBe('kept');
    return 'done';
  });
  expect(result).toBe('done');
  expect(current()).toBe(own);
  expect(JSON.parse(readFileSync(join(own, 'config.json'), 'utf8'))).toEqual(mine);
  expect(() => readFileSync(join(used, 'config.json'))).toThrow('ENOENT');
  expect(readFileSync(join(own, 'contexts', 'meta'), 'utf8')).toBe('kept');
});

it('needs no config of the user, and is undone when what it is for fails', async () => {
  const failing = withDockerLogin(login, async () => {
    expect(config()).toEqual({ auths: { 'registry.test': { auth } } });
    throw new Error('push failed');
  });
  await expect(failing).rejects.toThrow('push failed');
  expect(current()).toBe(own);
});
