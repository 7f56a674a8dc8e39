import { createHash } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findDockerHost } from '../src/docker-host.js';
import { dockerProvider } from '../src/docker-provider.js';
import { image } from './test-image.js';

const IDLE = ['sleep', '600'];
const MEGABYTE = 1024 * 1024;
const connection = await dockerProvider.connect({});
afterAll(() => connection[Symbol.asyncDispose]());

/** Highest resident size above that at the start, in bytes, while `work` runs. */
async function memoryGrowth(work: () => Promise<void>): Promise<number> {
  globalThis.gc?.();
  const start = process.memoryUsage().rss;
  let peak = start;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 20);
  await work();
  clearInterval(timer);
  return peak - start;
}

describe('large streams', () => {
  let sandbox: Awaited<ReturnType<typeof connection.create>>;
  beforeAll(async () => {
    sandbox = await connection.create({ image, command: IDLE, provider: { docker: { init: true } } });
  });
  afterAll(() => sandbox.destroy());

  it('of output pass in flat memory: 300 MB', async () => {
    let bytes = 0;
    const growth = await memoryGrowth(async () => {
      const result = await sandbox.exec(['head', '-c', '300000000', '/dev/zero'], {
        maxOutputBytes: 1000,
        onStdout: (chunk) => {
          bytes += chunk.byteLength;
        },
      });
      expect(result.orThrow().truncated).toBe(true);
    });
    expect(bytes).toBe(300_000_000);
    expect(growth).toBeLessThan(150 * MEGABYTE);
  });

  it('of files go in and out in flat memory, byte for byte: 200 MB', async () => {
    const block = Buffer.alloc(MEGABYTE);
    for (let at = 0; at < block.length; at += 1) block[at] = (at * 7) & 0xff;
    const expected = createHash('sha256');
    for (let count = 0; count < 200; count += 1) expected.update(block);
    const seen = createHash('sha256');
    const growth = await memoryGrowth(async () => {
      const archive = pack();
      const entry = archive.entry({ name: 'large', size: 200 * MEGABYTE });
      Readable.from(
        (function* () {
          for (let count = 0; count < 200; count += 1) yield block;
        })(),
      ).pipe(entry as unknown as NodeJS.WritableStream);
      entry.on('finish', () => archive.finalize());
      await sandbox.fs.putArchive(Readable.from(archive, { objectMode: false }), '/tmp');
      const process_ = await sandbox.spawn(['cat', '/tmp/large']);
      for await (const chunk of process_.stdout) seen.update(chunk);
      expect((await process_.exit).code).toBe(0);
      let bytes = 0;
      for await (const chunk of await sandbox.fs.getArchive('/tmp/large')) bytes += chunk.byteLength;
      expect(bytes).toBeGreaterThanOrEqual(200 * MEGABYTE);
    });
    expect(seen.digest('hex')).toBe(expected.digest('hex'));
    expect(growth).toBeLessThan(150 * MEGABYTE);
  });

  it('that nobody reads wait: memory stays flat, and the rest arrives later', async () => {
    const started = await sandbox.spawn(['head', '-c', '200000000', '/dev/zero']);
    const growth = await memoryGrowth(() => new Promise((resolve) => setTimeout(resolve, 1_000)));
    expect(growth).toBeLessThan(60 * MEGABYTE);
    let bytes = 0;
    for await (const chunk of started.stdout) bytes += chunk.byteLength;
    expect(bytes).toBe(200_000_000);
    expect(await started.exit).toEqual({ code: 0 });
  });

  it('that are not read to the end end the process, when it is killed', async () => {
    const started = await sandbox.spawn(['cat', '/dev/zero']);
    for await (const _ of started.stdout) break;
    await started.kill('SIGKILL');
    expect((await started.exit).signal).toBe('SIGKILL');
  });
});

describe('an engine over TCP', () => {
  it('serves the same, and its failure in the middle of a command is an error, not a result', async () => {
    const { url } = await findDockerHost();
    const sockets = new Set<Socket>();
    const proxy = createServer({ allowHalfOpen: true }, (client) => {
      const engine = connect({ path: new URL(url).pathname, allowHalfOpen: true });
      for (const socket of [client, engine]) {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
      }
      client.pipe(engine).pipe(client);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as { port: number };
    const remote = await dockerProvider.connect({ host: `tcp://127.0.0.1:${port}` });
    const sandbox = await remote.create({ image, command: IDLE });
    try {
      expect((await sandbox.exec('echo over tcp', {})).stdout).toBe('over tcp\n');
      expect((await sandbox.exec(['cat'], { stdin: 'in and out' })).stdout).toBe('in and out');
      const running = sandbox.exec(['sleep', '60']);
      await new Promise((resolve) => setTimeout(resolve, 500));
      proxy.close();
      for (const socket of sockets) socket.destroy();
      await expect(running).rejects.toMatchObject({ code: 'ProviderUnavailable' });
    } finally {
      await remote[Symbol.asyncDispose]();
      await (await connection.get(sandbox.id)).destroy();
    }
  });

  it('that does not answer is ProviderUnavailable', async () => {
    await expect(dockerProvider.connect({ host: 'tcp://127.0.0.1:1' })).rejects.toMatchObject({
      code: 'ProviderUnavailable',
    });
  });

  it('of a kind that the driver does not know is refused', async () => {
    await expect(dockerProvider.connect({ host: 'ssh://example.org' })).rejects.toMatchObject({
      code: 'InvalidSpec',
    });
  });
});
