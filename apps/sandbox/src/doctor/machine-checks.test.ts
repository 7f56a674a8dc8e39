import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SandboxError } from '@iterate/sandbox-provider';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runChecks } from './check.js';
import { checkEngine, checkNode, judgeDisk, type Machine, machineChecks } from './machine-checks.js';

const engine = {
  host: { url: 'unix:///var/run/docker.sock', foundBy: 'the system socket' },
  version: '27.0.3',
  apiVersion: '1.46',
  os: 'linux',
  architecture: 'amd64',
  rootDir: '/',
  local: true,
  podman: false,
};

const machine: Machine = {
  engine: async () => engine,
  buildCli: async () => ({ kind: 'buildx', file: '/usr/bin/docker', args: [], env: {} }),
  caBundle: async () => undefined,
  hasImage: async () => true,
  portOwner: async () => undefined,
};

async function findings(changes: Partial<Machine>) {
  const found = await runChecks(machineChecks({ ...machine, ...changes }));
  return Object.fromEntries(found.map(({ name, ...finding }) => [name, finding]));
}

describe('sandbox doctor', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'doctor-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('finds nothing wrong with a machine that has everything', async () => {
    const found = await findings({});
    for (const name of [
      'node',
      'git',
      'engine',
      'build',
      'base image',
      'port 3000',
      'port 4096',
      'CA bundle',
    ])
      expect(found[name], name).toMatchObject({ status: 'ok' });
  });

  it('says once what to do when no engine answers, and that the rest cannot be told', async () => {
    const details = { provider: 'docker', endpoint: 'x' };
    const found = await findings({
      engine: () =>
        Promise.reject(new SandboxError('ProviderUnavailable', 'No Docker engine answers at x.', details)),
    });
    expect(found.engine).toMatchObject({ status: 'fail', fix: expect.stringContaining('docker.io') });
    for (const name of ['disk', 'base image', 'port 3000'])
      expect(found[name], name).toMatchObject({ status: 'warn', text: expect.stringContaining('engine') });
  });

  it('takes a port that a sandbox uses for no problem, and one of another program for a warning', async () => {
    const found = await findings({
      portOwner: async (port) => (port === 3000 ? 'the sandbox "web"' : 'another program'),
    });
    expect(found['port 3000']).toEqual({ status: 'ok', text: 'used by the sandbox "web"' });
    expect(found['port 4096']).toMatchObject({ status: 'warn', fix: expect.any(String) });
  });

  it('warns of a missing base image and says how to make it', async () => {
    const found = await findings({ hasImage: async () => false });
    expect(found['base image']).toMatchObject({ status: 'warn', fix: expect.stringContaining('npm run up') });
  });

  it('refuses a CA bundle that holds no certificate', async () => {
    const file = join(dir, 'ca.pem');
    writeFileSync(file, 'not a certificate');
    const found = await findings({ caBundle: async () => ({ file, source: 'NODE_EXTRA_CA_CERTS' }) });
    expect(found['CA bundle']).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
  });

  it('reports a check that throws as failed', async () => {
    const found = await findings({ hasImage: () => Promise.reject(new Error('disk on fire')) });
    expect(found['base image']).toMatchObject({ status: 'fail', text: 'disk on fire' });
  });
});

describe('the rules', () => {
  it.each([
    ['20.18.3', 'fail'],
    ['20.19.0', 'ok'],
    ['24.1.0', 'ok'],
  ])('Node %s: %s', (version, status) => expect(checkNode(version).status).toBe(status));

  it.each([
    ['19.03.15', false, 'fail'],
    ['20.10.24+dfsg1', false, 'ok'],
    ['28.0.0', false, 'ok'],
    ['5.0.0', true, 'warn'],
  ])('engine %s, Podman %s: %s', (version, podman, status) => {
    expect(checkEngine({ ...engine, version, podman }).status).toBe(status);
  });

  it.each([
    [20e9, 'ok'],
    [7e9, 'warn'],
    [1e9, 'fail'],
  ])('%d bytes free: %s', (free, status) => expect(judgeDisk(free, '/').status).toBe(status));
});
