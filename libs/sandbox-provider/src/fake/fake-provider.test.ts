import { afterAll, beforeAll, describe, it } from 'vitest';
import { type ConformanceCommands, testProvider } from '../conformance.js';
import type { FakePrograms } from './fake-program.js';
import { createFakeProvider } from './fake-provider.js';

// What the suite needs beyond the basic programs, by the names that `commands` uses.
const programs: FakePrograms = {
  stubborn: async ({ onSignal, signal }) => {
    onSignal('SIGTERM', () => undefined);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return 0;
  },
  log: async ({ argv, stdout, stderr, sleep, onSignal, signal }) => {
    for (const [at, line] of argv.slice(1).entries()) {
      await (at % 2 === 0 ? stdout : stderr)(`${line}\n`);
      await sleep(5);
    }
    await new Promise<void>((resolve) => {
      onSignal('SIGTERM', resolve);
      signal.addEventListener('abort', () => resolve());
    });
    return 0;
  },
  args: async ({ argv, stdout }) => {
    for (const arg of argv.slice(1)) await stdout(`${arg}\0`);
    return 0;
  },
  variable: async ({ argv, env, stdout }) => {
    await stdout(env[argv[1] ?? ''] ?? '');
    return 0;
  },
  pwd: async ({ cwd, stdout }) => {
    await stdout(`${cwd}\n`);
    return 0;
  },
  both: async ({ stdout, stderr }) => {
    await stdout('out\n');
    await stderr('err\n');
    return 0;
  },
  cat: async ({ argv, files, stdin, stdout }) => {
    const [, path] = argv;
    if (path !== undefined) await stdout(files.read(path));
    else for await (const chunk of stdin) await stdout(chunk);
    return 0;
  },
  parts: async ({ argv, stdout, sleep }) => {
    await stdout(Buffer.from(argv[1] ?? '', 'hex'));
    await sleep(20);
    await stdout(Buffer.from(argv[2] ?? '', 'hex'));
    return 0;
  },
  'stubborn-sleep': async ({ argv, onSignal, sleep }) => {
    onSignal('SIGTERM', () => undefined);
    await sleep(Number(argv[1]) * 1000);
    return 0;
  },
  die: ({ die }) => die('SIGKILL'),
  running: async ({ argv, running }) =>
    running().some((other) => other[0] !== 'running' && other.includes(argv[1] ?? '')) ? 0 : 1,
  serve: async ({ argv, listen, signal, onSignal }) => {
    listen(Number(argv[1]), () => ({ status: 200, body: argv[2] ?? '' }));
    await new Promise<void>((resolve) => {
      onSignal('SIGTERM', resolve);
      signal.addEventListener('abort', () => resolve());
    });
    return 0;
  },
  'tty-size': async (process) => {
    const print = () => process.stdout(`${process.tty?.rows} ${process.tty?.cols}\r\n`);
    await print();
    for await (const _ of process.stdin) break;
    await print();
    return 0;
  },
};

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

const commands: ConformanceCommands = {
  idle: ['idle'],
  stubborn: ['stubborn'],
  log: (lines) => ['log', ...lines],
  exit: (code) => ['exit', String(code)],
  printArguments: (args) => ['args', ...args],
  printVariable: (name) => ['variable', name],
  printDirectory: ['pwd'],
  printBoth: ['both'],
  cat: ['cat'],
  printInTwoParts: (first, second) => ['parts', hex(first), hex(second)],
  sleep: (seconds) => ['sleep', String(seconds)],
  stubbornSleep: (seconds) => ['stubborn-sleep', String(seconds)],
  killSelf: ['die'],
  isRunning: (argument) => ['running', argument],
  serve: (port, text) => ['serve', String(port), text],
  printTtySize: ['tty-size'],
  allocate: () => ['true'],
};

const runner = { afterAll, beforeAll, describe, it };

describe('with every capability', () => {
  testProvider(
    { provider: createFakeProvider({ programs }), config: {}, image: 'fake', missingImage: 'none', commands },
    runner,
  );
});

describe('with none', () => {
  const provider = createFakeProvider({
    programs,
    without: ['pause', 'snapshot', 'stats', 'setLabels', 'expiry', 'tty', 'stdin', 'images'],
  });
  testProvider({ provider, config: {}, image: 'fake', missingImage: 'none', commands }, runner);
});
