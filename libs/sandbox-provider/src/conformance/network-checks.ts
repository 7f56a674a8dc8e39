import assert from 'node:assert/strict';
import type { Sandbox } from '../sandbox.js';
import type { ConformanceCommands } from './commands.js';
import { rejectsWith } from './rejects-with.js';
import type { ConformanceCheck } from './target.js';

const PORT = 8080;

/** Ports, logs and waiting. */
export const networkChecks: ConformanceCheck[] = [
  {
    name: 'a port is reached from here, and again after stop and start, wherever it is then',
    async run({ create, commands }) {
      const sandbox = await create({ command: [...commands.serve(PORT, 'hello')], ports: [PORT] });
      for (let round = 0; round < 2; round += 1) {
        await sandbox.waitFor({ http: { port: PORT, status: 200 } }, { timeoutMs: 20_000 });
        const response = await sandbox.fetch(PORT, '/some/path?query=1');
        assert.equal(await response.text(), 'hello');
        const { url } = await sandbox.endpoint(PORT);
        assert.match(url, /^https?:\/\/[^/]+$/);
        if (round === 0) await sandbox.restart({ timeoutMs: 1_000 });
      }
    },
  },
  {
    name: 'the endpoint of a port that was not published is InvalidSpec',
    async run({ shared }) {
      await rejectsWith(shared.endpoint(9), 'InvalidSpec');
    },
  },
  {
    name: 'the endpoint of a stopped sandbox is NotRunning',
    async run({ create }) {
      const sandbox = await create({ ports: [PORT] });
      await sandbox.stop({ timeoutMs: 5_000 });
      await rejectsWith(sandbox.endpoint(PORT), 'NotRunning');
    },
  },
  {
    name: 'waitFor sees a port only when something inside listens on it',
    async run({ create, commands }) {
      const sandbox = await create({ ports: [PORT] });
      await rejectsWith(sandbox.waitFor({ port: PORT }, { timeoutMs: 500 }), 'Timeout');
      await using _server = await background(sandbox, commands.serve(PORT, 'x'));
      await sandbox.waitFor({ port: PORT }, { timeoutMs: 20_000 });
      assert.ok((await sandbox.listeningPorts()).includes(PORT));
    },
  },
  {
    name: 'waitFor sees a file, a command and a log line that come later',
    async run({ create, commands }) {
      const sandbox = await create({ command: [...commands.log(['one', 'two', 'three'])] });
      await sandbox.waitFor({ log: /^thr/ }, { timeoutMs: 20_000 });
      const seen = sandbox.waitFor({ file: '/tmp/flag' }, { timeoutMs: 20_000 });
      await sandbox.fs.write('/tmp/flag', '');
      await seen;
      await sandbox.waitFor({ command: commands.exit(0) }, { timeoutMs: 20_000 });
    },
  },
  {
    name: 'a wait that times out tells the last lines of the log',
    async run({ create, commands }) {
      const sandbox = await create({ command: [...commands.log(['first', 'second'])] });
      await sandbox.waitFor({ log: 'second' }, { timeoutMs: 20_000 });
      const { logs } = await rejectsWith(
        sandbox.waitFor({ file: '/tmp/never' }, { timeoutMs: 300 }),
        'Timeout',
      );
      assert.deepEqual(logs, ['first', 'second']);
    },
  },
  {
    name: 'a wait ends at once when the sandbox does',
    async run({ create, commands }) {
      const sandbox = await create({ command: [...commands.exit(1)] });
      await rejectsWith(sandbox.waitFor({ port: PORT }, { timeoutMs: 50_000 }), 'NotRunning');
    },
  },
  {
    name: 'an aborted wait is Aborted',
    async run({ shared }) {
      const signal = AbortSignal.timeout(200);
      await rejectsWith(shared.waitFor({ file: '/tmp/never' }, { timeoutMs: 50_000, signal }), 'Aborted');
    },
  },
  {
    name: 'logs give the lines of the main process with their stream and time, all or the last',
    async run({ create, commands }) {
      const before = Date.now();
      const sandbox = await create({ command: [...commands.log(['one', 'two €', 'three'])] });
      await sandbox.waitFor({ log: 'three' }, { timeoutMs: 20_000 });
      const all = await lines(sandbox);
      assert.deepEqual(
        all.map(({ stream, text }) => [stream, text]),
        [
          ['stdout', 'one'],
          ['stderr', 'two €'],
          ['stdout', 'three'],
        ],
      );
      assert.ok(
        all.every(({ time }) => time === undefined || Math.abs(time.getTime() - before) < 86_400_000),
      );
      assert.deepEqual(
        (await lines(sandbox, { tail: 2 })).map(({ text }) => text),
        ['two €', 'three'],
      );
    },
  },
  {
    name: 'following a log sees later lines and ends with the sandbox',
    async run({ create, commands }) {
      const sandbox = await create({ command: [...commands.log(['a', 'b', 'c'])] });
      const followed = lines(sandbox, { follow: true });
      await sandbox.waitFor({ log: 'c' }, { timeoutMs: 20_000 });
      await sandbox.destroy();
      assert.deepEqual(
        (await followed).map(({ text }) => text),
        ['a', 'b', 'c'],
      );
    },
  },
  {
    name: 'following a log ends when it is aborted',
    async run({ shared }) {
      await lines(shared, { follow: true, signal: AbortSignal.timeout(200) });
    },
  },
];

async function lines(sandbox: Sandbox, options: Parameters<Sandbox['logs']>[0] = {}) {
  const all = [];
  for await (const line of sandbox.logs(options)) all.push(line);
  return all;
}

/** A process that runs until disposed. */
async function background(
  sandbox: Sandbox,
  argv: ReturnType<ConformanceCommands['serve']>,
): Promise<AsyncDisposable> {
  const controller = new AbortController();
  const running = sandbox.exec(argv, { signal: controller.signal }).catch(() => undefined);
  return {
    async [Symbol.asyncDispose]() {
      controller.abort();
      await running;
    },
  };
}
