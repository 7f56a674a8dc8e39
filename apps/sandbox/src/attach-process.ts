import {
  type DriverProcess,
  isSandboxError,
  type Sandbox,
  type SpawnOptions,
} from '@iterate/sandbox-provider';

/** Input of the process that runs the CLI: a terminal, or a pipe or file, which can do less. */
type LocalInput = NodeJS.ReadableStream & {
  setRawMode?: (raw: boolean) => unknown;
  unref?: () => unknown;
};

/** Streams of the process that runs the CLI. */
export interface LocalStreams {
  readonly stdin: LocalInput;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/**
 * Runs a command inside with this terminal, or these pipes, as its own.
 *
 * @returns its exit code
 */
export async function attachProcess(
  sandbox: Sandbox,
  argv: readonly string[],
  options: Pick<SpawnOptions, 'cwd' | 'env' | 'user' | 'signal'> & { interactive: boolean },
  streams: LocalStreams = process,
): Promise<number> {
  const { interactive, signal, ...rest } = options;
  const { stdin, stdout } = streams;
  const size = () => ({ cols: stdout.columns || 80, rows: stdout.rows || 24 });
  const child = await sandbox.spawn(argv, {
    ...rest,
    stdin: true,
    // In a terminal Ctrl-C is a key that goes inside; the terminal's own signal would end both.
    ...(interactive
      ? { tty: size(), env: { TERM: process.env.TERM ?? 'xterm', ...rest.env } }
      : signal === undefined
        ? {}
        : { signal }),
  });
  const onResize = () => {
    child.resize?.(size()).catch(() => undefined);
  };
  if (interactive) {
    stdin.setRawMode?.(true);
    stdout.on('resize', onResize);
  }
  const input = forwardInput(stdin, child);
  try {
    const ended = Promise.all([
      child.exit,
      forwardOutput(child.stdout, stdout),
      forwardOutput(child.stderr, streams.stderr),
    ]);
    const [status] = await Promise.race([ended, input.failed]);
    return status.code;
  } finally {
    input.stop();
    if (interactive) {
      stdout.off('resize', onResize);
      stdin.setRawMode?.(false);
    }
  }
}

/** `failed` never resolves; it rejects when input cannot be delivered to a process that wants it. */
function forwardInput(
  stdin: LocalInput,
  child: DriverProcess,
): { readonly failed: Promise<never>; stop: () => void } {
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const onFailure = (error: unknown) => {
    // Any other error says that the process reads no more, as `head` does: it simply gets no more.
    if (!isSandboxError(error)) return;
    fail(error);
    // It would wait for input for ever; why it gets none is what is told.
    child.kill().catch(() => undefined);
  };
  const onData = (chunk: Buffer) => {
    stdin.pause();
    child.stdin?.write(chunk).then(() => stdin.resume(), onFailure);
  };
  const onEnd = () => {
    child.stdin?.end().catch(onFailure);
  };
  stdin.on('data', onData);
  stdin.on('end', onEnd);
  return {
    failed,
    stop() {
      stdin.off('data', onData);
      stdin.off('end', onEnd);
      stdin.pause();
      stdin.unref?.();
    },
  };
}

async function forwardOutput(source: AsyncIterable<Uint8Array>, target: NodeJS.WriteStream): Promise<void> {
  for await (const chunk of source) {
    if (!target.write(chunk)) await new Promise((resolve) => target.once('drain', resolve));
  }
}
