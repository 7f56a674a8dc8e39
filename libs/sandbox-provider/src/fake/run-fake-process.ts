import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { DriverProcess, ExitStatus, ProcessInput, SpawnOptions, TtySize } from '../driver.js';
import { exitStatus, type LinuxSignal, signalNumber } from '../exit-status.js';
import { SandboxError } from '../sandbox-error.js';
import type { FakeFileSystem } from './fake-file-system.js';
import type { FakeHandler, FakeProcess, FakePrograms } from './fake-program.js';

/** The world of a program in a fake sandbox. */
export interface FakeMachine {
  readonly programs: FakePrograms;
  readonly files: FakeFileSystem;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user: string;
  readonly listeners: Map<number, FakeHandler>;
  /** What runs now. */
  readonly processes: Set<RunningFake>;
}

/** A process of a fake sandbox that has not ended. */
export interface RunningFake {
  readonly argv: readonly string[];
  kill(signal: LinuxSignal): void;
}

/** Time between the SIGTERM and the SIGKILL of an aborted process. */
const KILL_GRACE_MS = 100;

/** Starts a program of the fake. @throws SandboxError `CommandNotFound` through `exit`, as engines do */
export function runFakeProcess(
  machine: FakeMachine,
  argv: readonly string[],
  options: SpawnOptions,
): DriverProcess {
  const name = argv[0]?.split('/').at(-1) ?? '';
  const program = machine.programs[name];
  const stdin = new PassThrough();
  const outputs = { stdout: new PassThrough(), stderr: new PassThrough() };
  if (options.stdin !== true) stdin.end();
  const killed = new AbortController();
  const handlers = new Map<LinuxSignal, () => void>();
  let tty = options.tty;
  let settle: (status: ExitStatus) => void = () => undefined;
  const over = new Promise<ExitStatus>((resolve) => {
    settle = resolve;
  });

  const running: RunningFake = {
    argv,
    kill(signal) {
      const handler = signal === 'SIGKILL' ? undefined : handlers.get(signal);
      if (handler !== undefined) return handler();
      settle(exitStatus(128 + signalNumber(signal)));
    },
  };
  const write = (output: PassThrough) => async (data: string | Uint8Array) => {
    if (killed.signal.aborted || output.destroyed) return;
    if (!output.write(data))
      await new Promise<void>((resolve) => output.once('drain', resolve).once('close', resolve));
  };
  const ports: number[] = [];
  const process: FakeProcess = {
    argv,
    env: { ...machine.env, ...options.env },
    cwd: options.cwd ?? machine.cwd,
    user: options.user ?? machine.user,
    stdin,
    files: machine.files,
    get tty() {
      return tty;
    },
    stdout: write(outputs.stdout),
    // A terminal has one output.
    stderr: write(tty === undefined ? outputs.stderr : outputs.stdout),
    listen(port, handler) {
      ports.push(port);
      machine.listeners.set(port, handler);
    },
    running: () => [...machine.processes].map((other) => other.argv),
    sleep: (ms) => delay(ms, undefined, { signal: killed.signal }).catch(() => undefined),
    signal: killed.signal,
    onSignal: (signal, handler) => handlers.set(signal, handler),
    die(signal) {
      settle(exitStatus(128 + signalNumber(signal)));
      return new Promise<never>(() => undefined);
    },
  };

  machine.processes.add(running);
  const ended =
    program === undefined ? Promise.reject(commandNotFound(argv)) : program(process).then(exitStatus);
  const exit = Promise.race([ended, over]).finally(() => {
    machine.processes.delete(running);
    for (const port of ports) machine.listeners.delete(port);
    killed.abort();
    outputs.stdout.end();
    outputs.stderr.end();
    stdin.destroy();
  });
  exit.catch(() => undefined);
  abortable(exit, running, options.signal);
  return {
    ...outputs,
    exit,
    async kill(signal = 'SIGTERM') {
      running.kill(signal);
    },
    ...(options.stdin === true ? { stdin: input(stdin) } : {}),
    ...(options.tty === undefined
      ? {}
      : {
          async resize(size: TtySize) {
            tty = size;
          },
        }),
  };
}

function abortable(exit: Promise<ExitStatus>, running: RunningFake, signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    running.kill('SIGTERM');
    timer = setTimeout(() => running.kill('SIGKILL'), KILL_GRACE_MS);
  };
  const stop = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  };
  exit.then(stop, stop);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
}

function input(stdin: PassThrough): ProcessInput {
  const settle = (act: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => act((error) => (error ? reject(error) : resolve())));
  stdin.on('error', () => undefined);
  return {
    write: (chunk) => settle((done) => stdin.write(chunk, done)),
    end: () => settle((done) => stdin.end(() => done())),
  };
}

function commandNotFound(argv: readonly string[]): SandboxError<'CommandNotFound'> {
  return new SandboxError('CommandNotFound', `The fake sandbox has no program "${argv[0]}".`, { argv });
}
