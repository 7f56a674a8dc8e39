import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateSecrets, SecretStore, tokenDigest } from './sandbox-secrets.js';

describe('SecretStore', () => {
  let root: string;
  let dir: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'secrets-'));
    dir = join(root, 'sandboxes');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const secrets = { id: 'abc', name: 'web', ...generateSecrets() };

  it('gives back what was written, and nothing for another sandbox', async () => {
    const store = new SecretStore(dir);
    await store.write(secrets);
    expect(await store.read('abc')).toEqual(secrets);
    expect(await store.read('def')).toBeUndefined();
    expect(await store.ids()).toEqual(['abc']);
  });

  it('lets only the owner read: files 0600 in a directory 0700, also one that was open before', async () => {
    mkdirSync(dir, { mode: 0o755 });
    await new SecretStore(dir).write(secrets);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(readdirSync(dir)).toEqual(['abc.json']);
    expect(statSync(join(dir, 'abc.json')).mode & 0o777).toBe(0o600);
  });

  it('forgets what is removed; removing twice is no error', async () => {
    const store = new SecretStore(dir);
    await store.write(secrets);
    await store.remove('abc');
    await store.remove('abc');
    expect(await store.read('abc')).toBeUndefined();
  });

  it('writes a page for the browser that only the owner can read, and removes it with the rest', async () => {
    const store = new SecretStore(dir);
    await store.write(secrets);
    const page = await store.writeEntrance('abc', `http://127.0.0.1:3000/#token=${secrets.token}`);
    expect(statSync(page).mode & 0o777).toBe(0o600);
    expect(readFileSync(page, 'utf8')).toContain(`url=http://127.0.0.1:3000/#token=${secrets.token}"`);
    expect(await store.ids()).toEqual(['abc']);
    await store.remove('abc');
    expect(readdirSync(dir)).toEqual([]);
  });

  it('names a damaged file without showing what is in it', async () => {
    const store = new SecretStore(dir);
    await store.write(secrets);
    writeFileSync(join(dir, 'abc.json'), readFileSync(join(dir, 'abc.json'), 'utf8').slice(0, -20));
    const failure = await store.read('abc').catch((error: Error) => error.message);
    expect(failure).toContain(join(dir, 'abc.json'));
    expect(failure).not.toContain(secrets.token);
  });
});

describe('tokenDigest', () => {
  it('is the SHA-256 of the token in hexadecimal digits', () => {
    expect(tokenDigest('abc')).toBe(createHash('sha256').update('abc').digest('hex'));
  });

  it('belongs to secrets that are never the same twice', () => {
    const many = Array.from({ length: 100 }, generateSecrets);
    expect(new Set(many.flatMap(({ token, opencodePassword }) => [token, opencodePassword])).size).toBe(200);
    expect(Buffer.from(many[0]?.token ?? '', 'base64url')).toHaveLength(32);
  });
});
