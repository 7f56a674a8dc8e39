import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { SandboxInfo } from '../driver.js';
import { rejectsWith } from './rejects-with.js';
import type { ConformanceCheck } from './target.js';

/** From creation to the end. */
export const lifecycleChecks: ConformanceCheck[] = [
  {
    name: 'create gives a running sandbox that says what it is',
    async run({ create, target, runLabel }) {
      const before = Date.now();
      const sandbox = await create({ labels: { ...runLabel, purpose: 'a = b, "c"' } });
      const info = await sandbox.info();
      assert.equal(info.id, sandbox.id);
      assert.equal(info.state, 'running');
      assert.equal(info.image, target.image);
      assert.equal(info.labels.purpose, 'a = b, "c"');
      // Clocks of two machines differ; a day would be a wrong unit.
      assert.ok(
        Math.abs(info.createdAt.getTime() - before) < 86_400_000,
        `created at ${info.createdAt.toISOString()}`,
      );
    },
  },
  {
    name: 'two creates with one key give one sandbox, also at the same time',
    async run({ connection, spec, connect }) {
      const keyed = spec({ idempotencyKey: randomUUID() });
      const other = await connect();
      const [first, second] = await Promise.all([connection.create(keyed), other.create(keyed)]);
      try {
        assert.equal(first.id, second.id);
        assert.equal((await connection.create(keyed)).id, first.id);
        assert.equal((await first.info()).state, 'running');
      } finally {
        await first.destroy();
      }
    },
  },
  {
    name: 'creates with different keys, or none, give different sandboxes at the same time',
    async run({ create }) {
      const sandboxes = await Promise.all([create({ idempotencyKey: randomUUID() }), create(), create()]);
      assert.equal(new Set(sandboxes.map(({ id }) => id)).size, 3);
    },
  },
  {
    name: 'a missing image is ImageNotFound, and nothing is left of the attempt',
    async run({ connection, spec, target }) {
      const label = { attempt: randomUUID() };
      const attempt = connection.create(spec({ image: target.missingImage, labels: label }));
      await rejectsWith(attempt, 'ImageNotFound', { image: target.missingImage });
      assert.deepEqual(await collect(connection.list({ labels: label })), []);
    },
  },
  {
    name: 'an invalid spec is refused before anything is created',
    async run({ connection, spec }) {
      const label = { attempt: randomUUID() };
      await rejectsWith(connection.create(spec({ labels: label, ports: [0] })), 'InvalidSpec');
      await rejectsWith(
        connection.create({
          ...spec({ labels: label }),
          provider: { [connection.provider]: { noSuchOption: 1 } },
        }),
        'InvalidSpec',
      );
      assert.deepEqual(await collect(connection.list({ labels: label })), []);
    },
  },
  {
    name: 'a name in use is a Conflict, and its owner stays',
    async run({ connection, create, spec }) {
      const name = `conformance-${randomUUID().slice(0, 8)}`;
      const owner = await create({ name });
      await rejectsWith(connection.create(spec({ name })), 'Conflict');
      assert.equal((await owner.info()).state, 'running');
    },
  },
  {
    name: 'a create that is aborted leaves nothing',
    async run({ connection, spec }) {
      const label = { attempt: randomUUID() };
      for (const afterMs of [0, 30, 150]) {
        const controller = new AbortController();
        const attempt = connection.create(spec({ labels: label }), {
          signal: controller.signal,
          onEvent: () => setTimeout(() => controller.abort(), afterMs),
        });
        // One that wins the race is whole, and is ours to remove.
        const outcome = await attempt.then(
          (sandbox) => sandbox.destroy(),
          (error: unknown) => error,
        );
        if (outcome !== undefined) await rejectsWith(Promise.reject(outcome), 'Aborted');
        assert.deepEqual(await collect(connection.list({ labels: label })), []);
      }
    },
  },
  {
    name: 'a create with a signal that has fired creates nothing',
    async run({ connection, spec }) {
      const label = { attempt: randomUUID() };
      await rejectsWith(
        connection.create(spec({ labels: label }), { signal: AbortSignal.abort() }),
        'Aborted',
      );
      assert.deepEqual(await collect(connection.list({ labels: label })), []);
    },
  },
  {
    name: 'get reattaches by id and by name from another connection',
    async run({ create, connect, commands }) {
      const sandbox = await create();
      const other = await connect();
      const { name } = await sandbox.info();
      for (const id of [sandbox.id, name]) {
        const again = await other.get(id);
        assert.equal(again.id, sandbox.id);
        assert.equal((await again.exec(commands.exit(3))).exitCode, 3);
      }
    },
  },
  {
    name: 'get of an unknown id is SandboxNotFound',
    async run({ connection }) {
      const id = randomUUID();
      await rejectsWith(connection.get(id), 'SandboxNotFound', { id });
    },
  },
  {
    name: 'stop and start, each twice, go through stopped and running',
    async run({ create, commands }) {
      const sandbox = await create();
      await sandbox.stop({ timeoutMs: 5_000 });
      await sandbox.stop({ timeoutMs: 5_000 });
      assert.equal((await sandbox.info()).state, 'stopped');
      await rejectsWith(sandbox.exec(commands.exit(0)), 'NotRunning');
      await sandbox.start();
      await sandbox.start();
      assert.equal((await sandbox.info()).state, 'running');
      assert.equal((await sandbox.exec(commands.exit(0))).exitCode, 0);
    },
  },
  {
    name: 'files survive three times stop and start',
    async run({ create }) {
      const sandbox = await create();
      for (let round = 0; round < 3; round += 1) {
        await sandbox.fs.write('/tmp/kept/file', `round ${round}`);
        await sandbox.restart({ timeoutMs: 5_000 });
        assert.equal(await sandbox.fs.readText('/tmp/kept/file'), `round ${round}`);
      }
    },
  },
  {
    name: 'stop kills a main process that does not end by itself, and keeps to its time',
    async run({ create, commands }) {
      const sandbox = await create({ command: [...commands.stubborn] });
      await delay(300);
      const before = Date.now();
      await sandbox.stop({ timeoutMs: 1_000 });
      assert.ok(Date.now() - before >= 900, 'it was not given its time');
      assert.equal((await sandbox.info()).state, 'stopped');
    },
  },
  {
    name: 'a main process that ends stops the sandbox, which tells the exit code',
    async run({ create, commands }) {
      const sandbox = await create({ command: [...commands.exit(7)] });
      const info = await until(
        () => sandbox.info(),
        ({ state }) => state === 'stopped',
      );
      assert.equal(info.exitCode, 7);
    },
  },
  {
    name: 'destroy removes it in any state, and twice is no error',
    async run({ create, connection }) {
      const label = { attempt: randomUUID() };
      const running = await create({ labels: label });
      const stopped = await create({ labels: label });
      await stopped.stop({ timeoutMs: 5_000 });
      for (const sandbox of [running, stopped]) {
        await sandbox.destroy();
        await sandbox.destroy();
        await rejectsWith(sandbox.info(), 'SandboxNotFound');
        await rejectsWith(connection.get(sandbox.id), 'SandboxNotFound');
      }
      assert.deepEqual(await collect(connection.list({ labels: label })), []);
    },
  },
  {
    name: 'two destroys at the same time both resolve when it is gone',
    async run({ create, connect }) {
      const sandbox = await create();
      const again = await (await connect()).get(sandbox.id);
      await Promise.all([sandbox.destroy(), again.destroy()]);
      await rejectsWith(sandbox.info(), 'SandboxNotFound');
    },
  },
  {
    name: 'destroy while a command runs settles the command',
    async run({ create, commands }) {
      const sandbox = await create();
      const running = sandbox.exec(commands.sleep(600)).then(
        ({ exitCode }) => exitCode,
        () => 'error',
      );
      await delay(300);
      await sandbox.destroy();
      assert.notEqual(await running, 0);
    },
  },
  {
    name: '"await using" destroys what create gave, and not what get gave',
    async run({ connection, spec }) {
      let id: string;
      {
        await using sandbox = await connection.create(spec());
        id = sandbox.id;
        {
          await using again = await connection.get(id);
          assert.equal(again.id, id);
        }
        assert.equal((await sandbox.info()).state, 'running');
      }
      await rejectsWith(connection.get(id), 'SandboxNotFound');
    },
  },
];

/** All items of an async iterable. */
export async function collect(items: AsyncIterable<SandboxInfo>): Promise<SandboxInfo[]> {
  const all: SandboxInfo[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function until<T>(look: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await look();
    if (done(value)) return value;
    await delay(50);
  }
}
