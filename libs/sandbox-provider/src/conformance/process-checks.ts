import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Sandbox } from '../sandbox.js';
import type { ConformanceCommands } from './commands.js';
import { rejectsWith } from './rejects-with.js';
import type { ConformanceCheck } from './target.js';

const AWKWARD = [
  '',
  ' ',
  'a b',
  "it's",
  '"quoted"',
  '$HOME `id` $(id)',
  'line\nbreak',
  '\\',
  '*',
  '-n',
  '--',
  'größe 文字 🎉',
];
/** Long enough for every check, short enough to be gone soon if one fails to end it. */
const LONG_SECONDS = 97;

/** Running commands. */
export const processChecks: ConformanceCheck[] = [
  {
    name: 'arguments arrive as they are: spaces, quotes, newlines, dollars, empty ones',
    async run({ shared, commands }) {
      const { stdout } = (await shared.exec(commands.printArguments(AWKWARD))).orThrow();
      assert.deepEqual(stdout.split('\0').slice(0, -1), AWKWARD);
    },
  },
  {
    name: 'environment values arrive as they are, from create and from the command, which wins',
    async run({ create, commands }) {
      const sandbox = await create({ env: { AWKWARD: AWKWARD.join('|'), BOTH: 'create', EMPTY: '' } });
      const print = async (name: string, env: Record<string, string> = {}) =>
        (await sandbox.exec(commands.printVariable(name), { env })).orThrow().stdout;
      assert.equal(await print('AWKWARD'), AWKWARD.join('|'));
      assert.equal(await print('OWN', { OWN: AWKWARD.join('|') }), AWKWARD.join('|'));
      assert.equal(await print('BOTH', { BOTH: 'command' }), 'command');
      assert.equal(await print('BOTH'), 'create');
      assert.equal(await print('EMPTY'), '');
    },
  },
  {
    name: 'exit codes are results',
    async run({ shared, commands }) {
      for (const code of [0, 1, 42, 255]) {
        const result = await shared.exec(commands.exit(code));
        assert.equal(result.exitCode, code);
        assert.equal(result.signal, undefined);
      }
    },
  },
  {
    name: 'orThrow turns a failure into CommandFailed',
    async run({ shared, commands }) {
      const { exitCode, argv } = await rejectsWith(
        shared.exec(commands.exit(5)).then((result) => result.orThrow()),
        'CommandFailed',
      );
      assert.equal(exitCode, 5);
      assert.deepEqual(argv, commands.exit(5));
    },
  },
  {
    name: 'death by a signal is 128 plus its number, with its name',
    async run({ shared, commands }) {
      const result = await shared.exec(commands.killSelf);
      assert.equal(result.exitCode, 137);
      assert.equal(result.signal, 'SIGKILL');
    },
  },
  {
    name: 'a program that does not exist is CommandNotFound',
    async run({ shared }) {
      const argv = ['no-such-program-of-conformance'];
      await rejectsWith(shared.exec(argv), 'CommandNotFound', { argv });
    },
  },
  {
    name: 'the working directory is the one asked for',
    async run({ shared, commands }) {
      await shared.fs.mkdir('/tmp/some dir');
      const { stdout } = (await shared.exec(commands.printDirectory, { cwd: '/tmp/some dir' })).orThrow();
      assert.equal(stdout, '/tmp/some dir\n');
    },
  },
  {
    name: 'stdout and stderr are apart',
    async run({ shared, commands }) {
      const { stdout, stderr } = (await shared.exec(commands.printBoth)).orThrow();
      assert.equal(stdout, 'out\n');
      assert.equal(stderr, 'err\n');
    },
  },
  {
    name: 'without input a command reads end of file at once',
    async run({ shared, commands }) {
      const { stdout } = (await shared.exec(commands.cat, { timeoutMs: 20_000 })).orThrow();
      assert.equal(stdout, '');
    },
  },
  {
    name: 'input arrives and ends: cat gives it back',
    capability: 'stdin',
    async run({ shared, commands }) {
      const { stdout } = (await shared.exec(commands.cat, { stdin: 'hello\n', timeoutMs: 20_000 })).orThrow();
      assert.equal(stdout, 'hello\n');
    },
  },
  {
    name: 'input keeps its order when nobody waits for the writes',
    capability: 'stdin',
    async run({ shared, commands }) {
      const process = await shared.spawn(commands.cat, { stdin: true });
      assert.ok(process.stdin !== undefined);
      const parts = ['one ', 'two ', 'three'];
      const [stdout] = await Promise.all([
        drain(process.stdout),
        drain(process.stderr),
        ...parts.map((part) => process.stdin?.write(Buffer.from(part))),
        process.stdin.end(),
      ]);
      assert.equal(stdout, parts.join(''));
      assert.equal((await process.exit).code, 0);
    },
  },
  {
    name: '10 MB of every byte value go in and come out unchanged',
    capability: 'stdin',
    async run({ shared, commands }) {
      const data = Buffer.alloc(10_000_000);
      for (let at = 0; at < data.length; at += 1) data[at] = (at * 31 + (at >> 8)) & 0xff;
      const result = (await shared.exec(commands.cat, { stdin: data })).orThrow();
      assert.equal(result.stdoutBytes.byteLength, data.length);
      assert.equal(digest(result.stdoutBytes), digest(data));
      assert.equal(result.truncated, false);
    },
  },
  {
    name: 'a command may end without reading its input',
    capability: 'stdin',
    async run({ shared, commands }) {
      const result = await shared.exec(commands.exit(4), {
        stdin: Buffer.alloc(5_000_000),
        timeoutMs: 20_000,
      });
      assert.equal(result.exitCode, 4);
    },
  },
  {
    name: 'a character split over two chunks is whole in the text',
    async run({ shared, commands }) {
      const bytes = Buffer.from('a€b');
      const { stdout } = (
        await shared.exec(commands.printInTwoParts(bytes.subarray(0, 2), bytes.subarray(2)))
      ).orThrow();
      assert.equal(stdout, 'a€b');
    },
  },
  {
    name: 'output beyond the limit keeps its end and says so',
    async run({ shared, commands }) {
      const seen: number[] = [];
      const result = await shared.exec(commands.printArguments(['x'.repeat(3000), 'end']), {
        maxOutputBytes: 100,
        onStdout: (chunk) => seen.push(chunk.byteLength),
      });
      assert.equal(result.truncated, true);
      assert.equal(result.stdout, `${'x'.repeat(95)}\0end\0`);
      assert.equal(
        seen.reduce((sum, size) => sum + size, 0),
        3005,
      );
    },
  },
  {
    name: 'a timeout is Timeout with the output so far, and ends the process inside',
    async run({ create, commands }) {
      const sandbox = await create();
      const argv = commands.sleep(LONG_SECONDS);
      const { timeoutMs } = await rejectsWith(sandbox.exec(argv, { timeoutMs: 300 }), 'Timeout');
      assert.equal(timeoutMs, 300);
      await assertGone(sandbox, commands, String(LONG_SECONDS));
    },
  },
  {
    name: 'an abort is Aborted, and ends the process inside',
    async run({ create, commands }) {
      const sandbox = await create();
      const controller = new AbortController();
      const running = sandbox.exec(commands.sleep(LONG_SECONDS), { signal: controller.signal });
      await assertRunning(sandbox, commands, String(LONG_SECONDS));
      controller.abort();
      await rejectsWith(running, 'Aborted');
      await assertGone(sandbox, commands, String(LONG_SECONDS));
    },
  },
  {
    name: 'an abort ends what ignores SIGTERM, and its children',
    async run({ create, commands }) {
      const sandbox = await create();
      const controller = new AbortController();
      const running = sandbox.exec(commands.stubbornSleep(LONG_SECONDS), { signal: controller.signal });
      await assertRunning(sandbox, commands, String(LONG_SECONDS));
      controller.abort();
      await rejectsWith(running, 'Aborted');
      await assertGone(sandbox, commands, String(LONG_SECONDS));
    },
  },
  {
    name: 'a signal that has fired starts nothing',
    async run({ create, commands }) {
      const sandbox = await create();
      const argv = commands.sleep(LONG_SECONDS);
      await rejectsWith(sandbox.exec(argv, { signal: AbortSignal.abort() }), 'Aborted');
      await assertGone(sandbox, commands, String(LONG_SECONDS));
    },
  },
  {
    name: 'kill sends the signal; killing what has ended is no error',
    async run({ shared, commands }) {
      const process = await shared.spawn(commands.sleep(LONG_SECONDS));
      const drained = Promise.all([drain(process.stdout), drain(process.stderr)]);
      await delay(200);
      await process.kill('SIGTERM');
      assert.deepEqual(await process.exit, { code: 143, signal: 'SIGTERM' });
      await drained;
      await process.kill('SIGKILL');
    },
  },
  {
    name: 'twenty commands at the same time do not mix',
    async run({ shared, commands }) {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, at) => shared.exec(commands.printArguments([`command ${at}`]))),
      );
      assert.deepEqual(
        results.map(({ stdout }) => stdout),
        results.map((_, at) => `command ${at}\0`),
      );
    },
  },
  {
    name: 'a terminal has a size, takes input, and can be resized',
    capability: 'tty',
    async run({ shared, commands }) {
      const process = await shared.spawn(commands.printTtySize, { tty: { cols: 90, rows: 20 }, stdin: true });
      const output = drain(process.stdout);
      assert.ok(process.resize !== undefined && process.stdin !== undefined);
      await delay(300);
      await process.resize({ cols: 101, rows: 33 });
      await process.stdin.write(Buffer.from('go\r'));
      assert.equal((await process.exit).code, 0);
      assert.ok((await output).includes('33 101'), await output);
      assert.equal(await drain(process.stderr), '');
    },
  },
];

async function drain(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function assertRunning(
  sandbox: Sandbox,
  commands: ConformanceCommands,
  argument: string,
): Promise<void> {
  for (let look = 0; look < 50; look += 1) {
    if ((await sandbox.exec(commands.isRunning(argument))).exitCode === 0) return;
    await delay(50);
  }
  assert.fail('the process did not start');
}

async function assertGone(sandbox: Sandbox, commands: ConformanceCommands, argument: string): Promise<void> {
  const { exitCode } = await sandbox.exec(commands.isRunning(argument));
  assert.equal(exitCode, 1, 'the process still runs inside');
}
