import { randomUUID } from 'node:crypto';
import { type Duplex, PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type DriverProcess,
  type ExitStatus,
  exitStatus,
  type LinuxSignal,
  type ProcessInput,
  SandboxError,
  type SpawnOptions,
  type TtySize,
} from '@iterate/sandbox-provider';
import type Docker from 'dockerode';
import { demultiplex } from './demultiplex.js';
import { type CallContext, guarded, statusCode, toSandboxError } from './docker-error.js';
import { EXEC_MARK, killMarked } from './kill-marked.js';

const MAX_EXIT_POLL_MS = 50;
/**
 * What the engine gives as the code of a program that it could not start, which then has no process id either.
 * Podman forgets the id of every process that has ended, so there a program that ends with such a code looks the same.
 */
const NOT_STARTED: ReadonlySet<number> = new Set([126, 127]);
/** Time between the SIGTERM and the SIGKILL of an aborted process. */
const KILL_GRACE_MS = 1_000;
/** SIGKILL is repeated: a process that forks while being killed can escape one sweep. */
const KILL_ATTEMPTS = 5;
/** After so long without taking input, a process is looked at: it may have ended. */
const STUCK_INPUT_MS = 250;
/** As long as the engine itself waits for the rest of an ended process's output. */
const OUTPUT_GRACE_MS = 2_000;
/** A terminal can be resized only once its process runs, shortly after the start is answered. */
const RESIZE_ATTEMPTS = 20;

/**
 * Starts a process inside with `docker exec`'s API: three calls, as few as the engine allows.
 *
 * The engine has no call that ends an exec, so each carries a mark in its environment by which
 * {@link killMarked} finds it and its descendants.
 *
 * @param background Where the ending of an aborted process is noted until it is over.
 */
export async function startProcess(
  container: Docker.Container,
  argv: readonly string[],
  options: SpawnOptions,
  context: CallContext,
  background: Set<Promise<unknown>>,
): Promise<DriverProcess> {
  const mark = randomUUID();
  const { tty, signal } = options;
  const exec = await guarded(context, () =>
    container.exec({
      Cmd: [...argv],
      Env: [
        ...Object.entries(options.env ?? {}).map(([key, value]) => `${key}=${value}`),
        `${EXEC_MARK}=${mark}`,
      ],
      AttachStdin: options.stdin === true,
      AttachStdout: true,
      AttachStderr: true,
      Tty: tty !== undefined,
      // Engines before API 1.42 ignore it and get the size by the resize below, a moment after the start.
      ...(tty === undefined ? {} : { ConsoleSize: [tty.rows, tty.cols] }),
      ...(options.cwd === undefined ? {} : { WorkingDir: options.cwd }),
      ...(options.user === undefined ? {} : { User: options.user }),
    }),
  );
  const stream = await guarded(context, () =>
    exec.start({ hijack: true, stdin: true, Tty: tty !== undefined }),
  );

  const { stdout, stderr } =
    tty === undefined
      ? demultiplex(stream)
      : { stdout: stream.pipe(new PassThrough()), stderr: Readable.from([]) };
  const ended = new Promise<void>((resolve) => {
    for (const event of ['end', 'close', 'error']) stream.once(event, () => resolve());
  });
  // Writing to a process that has ended fails the write; the stream's own error event adds nothing.
  stream.on('error', () => undefined);

  const kill = (name: LinuxSignal) => killMarked(container, mark, name, options.user, context);
  const exit = ended.then(() => waitForExit(exec, argv, context));
  const outcome =
    signal === undefined ? exit : Promise.race([exit, endOnAbort(signal, exit, kill, context, background)]);
  outcome.catch(() => stream.destroy());
  let finished = false;
  const finish = () => {
    finished = true;
  };
  exit.then(finish, finish);

  if (tty !== undefined) await resizeTty(exec, tty, context);
  return {
    stdout,
    stderr,
    exit: outcome,
    async kill(name = 'SIGTERM') {
      if (!finished) await kill(name);
    },
    ...(options.stdin === true
      ? { stdin: processInput(stream, () => endWithProcess(stream, exec, context)) }
      : {}),
    ...(tty === undefined ? {} : { resize: (size: TtySize) => resizeTty(exec, size, context) }),
  };
}

/** The engine closes the streams a moment before it records the exit code. */
async function waitForExit(
  exec: Docker.Exec,
  argv: readonly string[],
  context: CallContext,
): Promise<ExitStatus> {
  for (let pause = 1; ; pause = Math.min(pause * 2, MAX_EXIT_POLL_MS)) {
    const { Running, ExitCode, Pid } = await guarded(context, () => exec.inspect());
    if (!Running && ExitCode !== null) {
      if (Pid === 0 && NOT_STARTED.has(ExitCode)) throw commandNotFound(argv);
      return exitStatus(ExitCode);
    }
    await sleep(pause);
  }
}

/** Never resolves; rejects when the signal has fired and the process cannot be ended. */
function endOnAbort(
  signal: AbortSignal,
  exit: Promise<ExitStatus>,
  kill: (name: LinuxSignal) => Promise<void>,
  context: CallContext,
  background: Set<Promise<unknown>>,
): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = () => {
      const ending = endProcess(exit, kill, context)
        .catch(reject)
        .finally(() => background.delete(ending));
      background.add(ending);
    };
    const stopListening = () => signal.removeEventListener('abort', onAbort);
    exit.then(stopListening, stopListening);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

async function endProcess(
  exit: Promise<ExitStatus>,
  kill: (name: LinuxSignal) => Promise<void>,
  context: CallContext,
): Promise<void> {
  const over = exit.then(
    (): true => true,
    (): true => true,
  );
  await kill('SIGTERM');
  if (await endsWithin(over, KILL_GRACE_MS)) return;
  for (let attempt = 0; attempt < KILL_ATTEMPTS; attempt += 1) {
    await kill('SIGKILL');
    if (await endsWithin(over, KILL_GRACE_MS)) return;
  }
  throw new SandboxError(
    'ProviderError',
    `Failed to ${context.operation}: the process was aborted but cannot be ended; stop the sandbox to end it.`,
    { provider: 'docker', retryable: false },
  );
}

/** Leaves no timer behind: one would keep the caller's program from ending. */
async function endsWithin(over: Promise<true>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  try {
    return await Promise.race([over, sleep(ms, false, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}

function commandNotFound(argv: readonly string[]): SandboxError<'CommandNotFound'> {
  return new SandboxError(
    'CommandNotFound',
    `"${argv[0]}" cannot be started: the sandbox has no such program, or it is not executable, or the working directory does not exist.`,
    { argv },
  );
}

/** @param onStuck Called when the process takes no input for a while. */
function processInput(stream: Duplex, onStuck: () => Promise<void>): ProcessInput {
  const settle = (act: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => act((error) => (error ? reject(error) : resolve())));
  return {
    write(chunk) {
      const watch = setInterval(() => {
        onStuck().catch(() => stream.destroy());
      }, STUCK_INPUT_MS);
      return settle((done) => stream.write(chunk, done)).finally(() => clearInterval(watch));
    },
    end: () => settle((done) => stream.end(() => done())),
  };
}

/**
 * The engine does not close the stream of a process that ended with input unread. Looks whether it ended, and
 * closes the stream once its output has had time to arrive.
 */
async function endWithProcess(stream: Duplex, exec: Docker.Exec, context: CallContext): Promise<void> {
  const { Running, ExitCode } = await guarded(context, () => exec.inspect());
  if (Running || ExitCode === null) return;
  await sleep(OUTPUT_GRACE_MS);
  stream.destroy();
}

async function resizeTty(exec: Docker.Exec, { cols, rows }: TtySize, context: CallContext): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await exec.resize({ w: cols, h: rows });
      return;
    } catch (error) {
      // Podman says "created" where Docker says "done".
      if (statusCode(error) === 201) return;
      const { Running, ExitCode } = await guarded(context, () => exec.inspect());
      if (!Running && ExitCode !== null) return;
      if (attempt === RESIZE_ATTEMPTS) throw toSandboxError(error, context);
      await sleep(attempt * 5);
    }
  }
}
