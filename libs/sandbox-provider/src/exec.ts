import { startDeadline } from './deadline.js';
import type { ByteStream, DriverProcess, DriverSandbox, ProcessInput, SpawnOptions } from './driver.js';
import { ExecResult } from './exec-result.js';
import { OutputTail } from './output-tail.js';
import { SandboxError } from './sandbox-error.js';

/** How to run one command to its end. */
export interface ExecOptions extends Pick<SpawnOptions, 'cwd' | 'env' | 'user' | 'signal'> {
  /** Input, followed by end of file. @default end of file at once */
  readonly stdin?: string | Uint8Array | ByteStream;
  /** Kills the command and rejects with `Timeout` when it runs longer. @default no limit */
  readonly timeoutMs?: number;
  /** Bytes kept of each output; when there is more, the last ones. @default 16 MiB */
  readonly maxOutputBytes?: number;
  /** Receives every chunk as it arrives, also those that the result drops. */
  readonly onStdout?: (chunk: Uint8Array) => void;
  readonly onStderr?: (chunk: Uint8Array) => void;
}

const DEFAULT_MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const ERROR_TAIL_LINES = 50;

/**
 * Runs a command and waits for it. A non-zero exit code is a result, not an error.
 *
 * @param command Program and arguments; a string is a script for `/bin/sh`.
 * @throws SandboxError `Timeout`, `Aborted`, `CommandNotFound`, `NotRunning`
 */
export async function exec(
  sandbox: Pick<DriverSandbox, 'spawn'>,
  command: string | readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const argv = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  const {
    stdin,
    timeoutMs,
    signal,
    maxOutputBytes = DEFAULT_MAX_OUTPUT_BYTES,
    onStdout,
    onStderr,
    ...rest
  } = options;
  if (argv.length === 0)
    throw new SandboxError('InvalidSpec', 'A command needs at least a program.', {
      issues: ['argv: is empty'],
    });

  const stdout = new OutputTail(maxOutputBytes);
  const stderr = new OutputTail(maxOutputBytes);
  const startedAt = performance.now();
  using deadline = startDeadline(`running "${argv.join(' ')}"`, { timeoutMs, signal });
  const failure = () => deadline.failure(lastLines(stdout, stderr));
  let process: DriverProcess;
  try {
    if (deadline.signal.aborted) throw deadline.signal.reason;
    process = await sandbox.spawn(argv, { ...rest, stdin: stdin !== undefined, signal: deadline.signal });
  } catch (error) {
    throw failure() ?? error;
  }
  try {
    const [exit] = await Promise.all([
      process.exit,
      collect(process.stdout, stdout, onStdout),
      collect(process.stderr, stderr, onStderr),
      process.stdin === undefined || stdin === undefined ? undefined : feed(process.stdin, stdin),
    ]);
    const aborted = failure();
    if (aborted !== undefined) throw aborted;
    return new ExecResult({
      argv,
      exitCode: exit.code,
      signal: exit.signal,
      stdoutBytes: stdout.bytes(),
      stderrBytes: stderr.bytes(),
      durationMs: performance.now() - startedAt,
      truncated: stdout.truncated || stderr.truncated,
    });
  } catch (error) {
    throw failure() ?? error;
  }
}

async function collect(
  stream: ByteStream,
  tail: OutputTail,
  onChunk?: (chunk: Uint8Array) => void,
): Promise<void> {
  for await (const chunk of stream) {
    tail.write(chunk);
    onChunk?.(chunk);
  }
}

async function feed(input: ProcessInput, data: string | Uint8Array | ByteStream): Promise<void> {
  const chunks = typeof data === 'string' ? [Buffer.from(data)] : data instanceof Uint8Array ? [data] : data;
  const source = toIterator(chunks);
  try {
    for (let next = await source.next(); next.done !== true; next = await source.next()) {
      if (!(await accepted(input.write(next.value)))) return;
    }
    await accepted(input.end());
  } finally {
    await source.return?.();
  }
}

/** Whether the process took the input. One that ends or closes its input early, as `head` does, is no failure. */
async function accepted(write: Promise<void>): Promise<boolean> {
  return write.then(
    () => true,
    () => false,
  );
}

function toIterator(chunks: Iterable<Uint8Array> | ByteStream): AsyncIterator<Uint8Array> {
  return (async function* () {
    yield* chunks;
  })();
}

function lastLines(stdout: OutputTail, stderr: OutputTail): string[] {
  const text = [stdout, stderr].map((tail) => Buffer.from(tail.bytes()).toString('utf8').trimEnd());
  return text
    .filter((output) => output !== '')
    .flatMap((output) => output.split('\n'))
    .slice(-ERROR_TAIL_LINES);
}
