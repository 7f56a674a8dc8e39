import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Capability } from '../capabilities.js';
import { collect } from './lifecycle-checks.js';
import { rejectsWith } from './rejects-with.js';
import type { CheckContext, ConformanceCheck } from './target.js';

const MEGABYTE = 1024 * 1024;

/** How each capability is used, to see that one which is not declared is refused. */
const USES: Readonly<Record<Capability, (context: CheckContext) => Promise<unknown>>> = {
  pause: ({ shared }) => shared.pause(),
  snapshot: ({ shared }) => shared.snapshot('conformance'),
  stats: ({ shared }) => shared.stats(),
  setLabels: ({ shared }) => shared.setLabels({ a: 'b' }),
  expiry: ({ shared }) => shared.extend(60_000),
  resources: ({ create }) => create({ resources: { cpus: 1 } }),
  tty: ({ shared, commands }) => shared.spawn(commands.cat, { tty: { cols: 80, rows: 24 } }),
  stdin: ({ shared, commands }) => shared.exec(commands.cat, { stdin: '' }),
  images: async ({ connection }) => connection.images,
};

/** A check for each capability that is declared, and one for each that is not. */
export const capabilityChecks: ConformanceCheck[] = [
  ...Object.entries(USES).map(([capability, use]) => ({
    name: `"${capability}" is not declared, so using it is Unsupported`,
    capability: capability as Capability,
    undeclared: true,
    async run(context: CheckContext) {
      await rejectsWith(use(context), 'Unsupported', { capability, provider: context.connection.provider });
    },
  })),
  {
    name: 'pause freezes it and resume goes on; a paused one refuses commands and can be destroyed',
    capability: 'pause',
    async run({ create, commands }) {
      const sandbox = await create();
      await sandbox.pause();
      assert.equal((await sandbox.info()).state, 'paused');
      await rejectsWith(sandbox.exec(commands.exit(0)), 'NotRunning');
      await sandbox.resume();
      assert.equal((await sandbox.info()).state, 'running');
      assert.equal((await sandbox.exec(commands.exit(0))).exitCode, 0);
      await sandbox.pause();
      await sandbox.destroy();
      await rejectsWith(sandbox.info(), 'SandboxNotFound');
    },
  },
  {
    name: 'a snapshot is an image with the files, and without the environment of its sandbox',
    capability: 'snapshot',
    async run({ create, connection, commands }) {
      const sandbox = await create({ env: { CONFORMANCE_SECRET: 'value' } });
      await sandbox.fs.write('/var/lib/conformance/file', 'kept', { mode: 0o640 });
      const { image } = await sandbox.snapshot(`conformance-${randomUUID()}`);
      try {
        const copy = await create({ image });
        assert.equal(await copy.fs.readText('/var/lib/conformance/file'), 'kept');
        assert.equal((await copy.fs.stat('/var/lib/conformance/file'))?.mode, 0o640);
        assert.equal((await copy.exec(commands.printVariable('CONFORMANCE_SECRET'))).stdout, '');
        await copy.fs.write('/var/lib/conformance/file', 'changed');
        assert.equal(await sandbox.fs.readText('/var/lib/conformance/file'), 'kept');
        await copy.destroy();
      } finally {
        if (connection.capabilities.images) await connection.images.remove(image);
      }
    },
  },
  {
    name: 'stats are plausible',
    capability: 'stats',
    async run({ shared }) {
      const stats = await shared.stats();
      assert.ok(stats.cpus >= 0 && stats.cpus < 1024, `${stats.cpus} cores`);
      assert.ok(stats.memoryBytes > 0 && stats.memoryBytes < 2 ** 40, `${stats.memoryBytes} bytes`);
      assert.ok(stats.pids >= 1 && stats.pids < 10_000, `${stats.pids} processes`);
      assert.ok(stats.networkRxBytes >= 0 && stats.networkTxBytes >= 0);
    },
  },
  {
    name: 'stats of a stopped sandbox are NotRunning',
    capability: 'stats',
    async run({ create }) {
      const sandbox = await create();
      await sandbox.stop({ timeoutMs: 5_000 });
      await rejectsWith(sandbox.stats(), 'NotRunning');
    },
  },
  {
    name: 'setLabels adds and replaces labels, by which it is found',
    capability: 'setLabels',
    async run({ create, connection }) {
      const group = randomUUID();
      const sandbox = await create({ labels: { group, part: 'a' } });
      await sandbox.setLabels({ part: 'b' });
      assert.deepEqual((await sandbox.info()).labels.group, group);
      assert.equal((await collect(connection.list({ labels: { group, part: 'b' } }))).length, 1);
    },
  },
  {
    name: 'ttlMs sets an expiry, which extend moves, and info and list tell',
    capability: 'expiry',
    async run({ create, connection }) {
      const labels = { group: randomUUID() };
      const sandbox = await create({ labels, ttlMs: 600_000 });
      const before = Date.now();
      const near = (date: Date | undefined, ms: number) =>
        assert.ok(
          date !== undefined && Math.abs(date.getTime() - before - ms) < 120_000,
          String(date?.toISOString()),
        );
      near((await sandbox.info()).expiresAt, 600_000);
      near((await sandbox.extend(3_600_000)).expiresAt, 3_600_000);
      near((await sandbox.info()).expiresAt, 3_600_000);
      near((await collect(connection.list({ labels })))[0]?.expiresAt, 3_600_000);
    },
  },
  {
    name: 'a memory limit holds: taking more ends the command, not the sandbox',
    capability: 'resources',
    async run({ create, commands }) {
      const sandbox = await create({ resources: { memoryBytes: 64 * MEGABYTE, cpus: 1, pids: 100 } });
      assert.equal((await sandbox.exec(commands.allocate(8 * MEGABYTE))).exitCode, 0);
      assert.notEqual((await sandbox.exec(commands.allocate(256 * MEGABYTE))).exitCode, 0);
      assert.equal((await sandbox.info()).state, 'running');
    },
  },
  {
    name: 'images are found, and one in use is not removed',
    capability: 'images',
    async run({ connection, target, shared }) {
      assert.equal(await connection.images.has(target.image), true);
      assert.equal(await connection.images.has(target.missingImage), false);
      assert.ok((await connection.images.list()).length > 0);
      assert.equal((await shared.info()).state, 'running');
      await connection.images.remove(target.missingImage);
    },
  },
];
