import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dockerProvider } from '../src/docker-provider.js';
import { image } from './test-image.js';

const IDLE = ['sleep', '600'];
const connection = await dockerProvider.connect({});
afterAll(() => connection[Symbol.asyncDispose]());

describe('a sandbox that asks for nothing special', () => {
  let sandbox: Awaited<ReturnType<typeof connection.create>>;
  beforeAll(async () => {
    sandbox = await connection.create({
      image,
      command: IDLE,
      ports: [8080],
      provider: { docker: { init: true } },
    });
  });
  afterAll(() => sandbox.destroy());

  const status = async (user: string) =>
    (await sandbox.exec(['cat', '/proc/self/status'], { user })).orThrow().stdout;
  const capabilities = (text: string, set: string) =>
    BigInt(`0x${new RegExp(`${set}:\\s*(\\w+)`).exec(text)?.[1]}`);

  it('cannot gain privileges, and runs as a user that is not root', async () => {
    const text = await status('agent');
    expect(text).toMatch(/NoNewPrivs:\s*1/);
    expect(text).toMatch(/^Uid:\s*1000\s/m);
    expect(capabilities(text, 'CapEff')).toBe(0n);
  });

  it('leaves root seven of forty capabilities: no raw sockets, devices, chroot, tracing or administration', async () => {
    await using rooted = await connection.create({ image, command: IDLE, user: 'root' });
    const text = (await rooted.exec(['cat', '/proc/self/status'])).orThrow().stdout;
    const effective = capabilities(text, 'CapEff');
    const numbers = {
      CHOWN: 0,
      DAC_OVERRIDE: 1,
      FOWNER: 3,
      KILL: 5,
      SETGID: 6,
      SETUID: 7,
      NET_BIND_SERVICE: 10,
    };
    // A command of root beside a main process that is not root has none.
    expect(capabilities(await status('root'), 'CapEff')).toBe(0n);
    expect(effective).toBe(Object.values(numbers).reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n));
  });

  it('can start so many processes and no more', async () => {
    const { stdout } = await sandbox.exec(
      'cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null',
    );
    expect(stdout.trim()).toBe('4096');
  });

  it('cannot see another sandbox on the network, while it reaches this machine', async () => {
    await using other = await connection.create({
      image,
      command: IDLE,
      provider: { docker: { init: true } },
    });
    const address = (await other.exec('cat /proc/net/fib_trie'))
      .orThrow()
      .stdout.match(/172\.\d+\.\d+\.(?!0\b|255\b)\d+/)?.[0];
    const listening = other.exec(
      ['node', '-e', 'require("net").createServer((s) => s.end("hi")).listen(9000)'],
      {
        timeoutMs: 30_000,
      },
    );
    listening.catch(() => undefined);
    await other.waitFor({ port: 9000 });
    const reach = (host: string, port: number) =>
      sandbox.exec([
        'node',
        '-e',
        `const s = require('net').connect({ host: '${host}', port: ${port} }, () => process.exit(0));
         s.on('error', () => process.exit(2)); setTimeout(() => process.exit(3), 2000);`,
      ]);
    const here = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => here.listen(0, '0.0.0.0', resolve));
    const { port } = here.address() as { port: number };
    expect((await reach('host.docker.internal', port)).exitCode).toBe(0);
    expect((await reach(String(address), 9000)).exitCode).not.toBe(0);
    here.close();
  });

  it('publishes its ports on loopback only', async () => {
    const { url } = await sandbox.endpoint(8080);
    const { hostname, port } = new URL(url);
    expect(hostname).toBe('127.0.0.1');
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
    if (outside === undefined) return;
    const outcome = await new Promise((resolve) => {
      const socket = connect({ host: outside, port: Number(port) }, () => resolve('connected'));
      socket.on('error', () => resolve('refused'));
    });
    expect(outcome).toBe('refused');
  });
});

describe('mounts', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'mount-'));
    chmodSync(dir, 0o755);
    writeFileSync(join(dir, 'file'), 'from the host', { mode: 0o644 });
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it('are read-only, also for root inside, unless asked to be writable', async () => {
    await using sandbox = await connection.create({
      image,
      command: IDLE,
      provider: {
        docker: {
          init: true,
          mounts: [
            { source: dir, target: '/ro' },
            { source: dir, target: '/rw', writable: true },
          ],
        },
      },
    });
    expect((await sandbox.exec(['cat', '/ro/file'])).stdout).toBe('from the host');
    const write = (path: string) => sandbox.exec(`echo x > ${path}`, { user: 'root' });
    expect((await write('/ro/new')).stderr).toContain('Read-only');
    expect((await write('/rw/new')).exitCode).toBe(0);
  });

  it('that do not exist are refused, and nothing is left', async () => {
    const labels = { mount: dir };
    const missing = connection.create({
      image,
      command: IDLE,
      labels,
      provider: { docker: { mounts: [{ source: join(dir, 'missing'), target: '/x' }] } },
    });
    await expect(missing).rejects.toThrow(/missing/);
    for await (const info of connection.list({ labels })) expect.fail(`${info.id} is left`);
  });
});

describe('a read-only root', () => {
  it('can be written nowhere but in memory', async () => {
    await using sandbox = await connection.create({
      image,
      command: IDLE,
      provider: { docker: { readOnlyRoot: true, init: true } },
    });
    expect((await sandbox.exec('echo x > /var/lib/x')).stderr).toContain('Read-only');
    expect((await sandbox.exec('echo x > /tmp/x')).exitCode).toBe(0);
  });
});
