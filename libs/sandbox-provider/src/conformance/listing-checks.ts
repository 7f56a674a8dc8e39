import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { collect } from './lifecycle-checks.js';
import type { ConformanceCheck } from './target.js';

/** Finding sandboxes again. */
export const listingChecks: ConformanceCheck[] = [
  {
    name: 'list finds by labels: all of them must match',
    async run({ create, connection }) {
      const group = randomUUID();
      const [a, b] = await Promise.all([
        create({ labels: { group, part: 'a' } }),
        create({ labels: { group, part: 'b' } }),
      ]);
      const ids = async (labels: Record<string, string>) =>
        (await collect(connection.list({ labels }))).map(({ id }) => id).sort();
      assert.deepEqual(await ids({ group }), [a.id, b.id].sort());
      assert.deepEqual(await ids({ group, part: 'a' }), [a.id]);
      assert.deepEqual(await ids({ group, part: 'c' }), []);
      assert.deepEqual(await ids({ group: randomUUID() }), []);
    },
  },
  {
    name: 'list finds by state',
    async run({ create, connection }) {
      const labels = { group: randomUUID() };
      const [running, stopped] = await Promise.all([create({ labels }), create({ labels })]);
      await stopped.stop({ timeoutMs: 5_000 });
      const ids = async (states: ReadonlyArray<'running' | 'stopped'>) =>
        (await collect(connection.list({ labels, states }))).map(({ id }) => id).sort();
      assert.deepEqual(await ids(['running']), [running.id]);
      assert.deepEqual(await ids(['stopped']), [stopped.id]);
      assert.deepEqual(await ids(['running', 'stopped']), [running.id, stopped.id].sort());
      assert.deepEqual(await ids([]), []);
    },
  },
  {
    name: 'what list says agrees with info',
    async run({ create, connection }) {
      const labels = { group: randomUUID() };
      const sandbox = await create({ labels, ports: [8080] });
      const [listed] = await collect(connection.list({ labels }));
      const { id, name, state, image, ports } = await sandbox.info();
      assert.ok(listed !== undefined);
      assert.deepEqual(
        { id: listed.id, name: listed.name, state: listed.state, image: listed.image, ports: listed.ports },
        { id, name, state, image, ports },
      );
    },
  },
  {
    name: 'ping answers with a version',
    async run({ connection }) {
      const { version, latencyMs } = await connection.ping();
      assert.ok(version.length > 0);
      assert.ok(latencyMs >= 0);
    },
  },
  {
    name: 'disposing a connection leaves its sandboxes alone',
    async run({ connect, create, connection }) {
      const sandbox = await create();
      const other = await connect();
      await other.get(sandbox.id);
      await other[Symbol.asyncDispose]();
      assert.equal((await (await connection.get(sandbox.id)).info()).state, 'running');
    },
  },
];
