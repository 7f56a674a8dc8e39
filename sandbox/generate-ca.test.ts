import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';

let home: string;
const file = (name: string) => join(home, '.iterate/egress', name);
const read = (name: string) => readFile(file(name), 'utf8');
const generate = (env: Record<string, string> = {}) =>
  execa(join(import.meta.dirname, 'generate-ca.sh'), {
    env: {
      HOME: home,
      ITERATE_HOST_CA: join(home, 'host-ca.pem'),
      ITERATE_SYSTEM_CA_BUNDLE: join(home, 'system.pem'),
      ...env,
    },
  });

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'generate-ca-'));
  // Without a newline at the end: the next certificate must still start on its own line.
  await writeFile(join(home, 'system.pem'), 'system bundle');
});

afterEach(() => rm(home, { recursive: true, force: true }));

it('makes a CA that may sign servers only, with a key that only its owner reads', async () => {
  await generate();
  const text = (await execa('openssl', ['x509', '-in', file('ca.pem'), '-noout', '-text'])).stdout;
  expect(text).toContain('CA:TRUE, pathlen:0');
  expect(text).toMatch(/X509v3 Key Usage: critical\s+Certificate Sign, CRL Sign/);
  expect(text).toContain('NIST CURVE: P-256');
  expect((await stat(file('mitmproxy-ca.pem'))).mode & 0o777).toBe(0o600);
  expect(await read('ca.pem')).not.toContain('PRIVATE KEY');
  expect(await read('ca-bundle.pem')).not.toContain('PRIVATE KEY');
  expect((await stat(file('ca-bundle.pem'))).mode & 0o777).toBe(0o644);
});

it('keeps its CA, and touches nothing the second time', async () => {
  await generate();
  const before = await Promise.all(
    ['mitmproxy-ca.pem', 'ca.pem', 'ca-bundle.pem'].map((name) => stat(file(name))),
  );
  await generate();
  const after = await Promise.all(
    ['mitmproxy-ca.pem', 'ca.pem', 'ca-bundle.pem'].map((name) => stat(file(name))),
  );
  expect(after.map((s) => s.ino)).toEqual(before.map((s) => s.ino));
});

it('does not look again a moment later, unless a file has changed', async () => {
  await generate();
  expect((await generate()).stdout).toContain('a moment ago');
  await writeFile(file('ca-bundle.pem'), 'overwritten');
  expect((await generate()).stdout).not.toContain('a moment ago');
  expect(await read('ca-bundle.pem')).toContain('system bundle');
  await rm(file('ca.pem'));
  expect((await generate()).stdout).not.toContain('a moment ago');
  await writeFile(file('.checked'), 'garbage');
  expect((await generate()).stdout).not.toContain('a moment ago');
  await writeFile(file('.checked'), `${Math.floor(Date.now() / 1000) - 3601} none\n`);
  expect((await generate()).stdout).not.toContain('a moment ago');
});

it('composes the bundle of the system, the host and itself, again when the host changes', async () => {
  await generate();
  const own = await read('ca.pem');
  expect(await read('ca-bundle.pem')).toBe(`system bundle\n${own}`);
  await writeFile(join(home, 'host-ca.pem'), 'host');
  await generate();
  expect(await read('ca-bundle.pem')).toBe(`system bundle\nhost\n${own}`);
  await rm(join(home, 'host-ca.pem'));
  await generate();
  expect(await read('ca-bundle.pem')).toBe(`system bundle\n${own}`);
});

it.each(['', 'garbage'])('replaces what a crash left behind: %j', async (content) => {
  await mkdir(join(home, '.iterate/egress'), { recursive: true });
  await writeFile(file('mitmproxy-ca.pem'), content);
  await generate();
  await execa('openssl', ['verify', '-CAfile', file('ca.pem'), file('ca.pem')]);
  expect((await readdir(join(home, '.iterate/egress'))).sort()).toEqual([
    '.checked',
    '.lock',
    'ca-bundle.pem',
    'ca.pem',
    'mitmproxy-ca.pem',
  ]);
});

it('replaces a certificate whose key is another one', async () => {
  await generate();
  const first = await read('mitmproxy-ca.pem');
  await rm(file('mitmproxy-ca.pem'));
  await generate();
  const key = first.slice(0, first.indexOf('-----BEGIN CERTIFICATE'));
  await writeFile(file('mitmproxy-ca.pem'), key + (await read('ca.pem')));
  expect((await generate()).stdout).toContain('made a certificate authority');
});

it('makes one CA when it runs twice at once', async () => {
  const outputs = await Promise.all([generate(), generate(), generate()]);
  expect(outputs.filter((o) => o.stdout.includes('made'))).toHaveLength(1);
});

it('says what to install where the system has no bundle', async () => {
  await expect(generate({ ITERATE_SYSTEM_CA_BUNDLE: join(home, 'none') })).rejects.toThrow(
    /install ca-certificates/,
  );
});
