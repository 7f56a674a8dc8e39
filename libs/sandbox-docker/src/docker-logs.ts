import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { isSandboxError, type LogLine, type LogOptions } from '@iterate/sandbox-provider';
import type Docker from 'dockerode';
import { type CallContext, guarded } from './docker-error.js';
import { FrameParser, type OutputName } from './frame-parser.js';

/** Reads the lines of the main process, in the order in which the engine sends them. */
export async function* readLogs(
  container: Docker.Container,
  options: LogOptions,
  context: CallContext,
): AsyncGenerator<LogLine> {
  const { follow = false, tail, since, signal } = options;
  if (signal?.aborted === true) return;
  // Podman answers with the first line, which may never come, so the request itself can be aborted.
  const opened = await guarded(context, async () => {
    const { Config } = await container.inspect();
    // dockerode answers with a stream only when told to follow; `_query` is what the engine is asked.
    const request = {
      follow: true as const,
      ...(signal === undefined ? {} : { abortSignal: signal }),
      _query: {
        follow,
        stdout: true,
        stderr: true,
        timestamps: true,
        ...(tail === undefined ? {} : { tail }),
        ...(since === undefined ? {} : { since: since.getTime() / 1000 }),
      },
    };
    const stream: NodeJS.ReadableStream = await container.logs(request);
    return { tty: Config.Tty, source: stream as Readable };
  }).catch((error: unknown) => {
    if (!isSandboxError(error, 'Aborted')) throw error;
    return undefined;
  });
  if (opened === undefined) return;
  const { tty, source } = opened;
  let stopped = false;
  const stop = () => {
    stopped = true;
    source.destroy();
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    yield* linesOf(source, tty);
  } catch (error) {
    if (!stopped) throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    source.destroy();
  }
}

/** A terminal's log is one plain stream; any other is multiplexed. */
async function* linesOf(source: Readable, tty: boolean): AsyncGenerator<LogLine> {
  let ready: LogLine[] = [];
  const onLine = (line: LogLine) => ready.push(line);
  const splitters = {
    stdout: new LineSplitter('stdout', onLine),
    stderr: new LineSplitter('stderr', onLine),
  };
  const parser = new FrameParser((output, piece) => splitters[output].push(piece));
  for await (const chunk of source as AsyncIterable<Buffer>) {
    if (tty) splitters.stdout.push(chunk);
    else parser.push(chunk);
    yield* ready;
    ready = [];
  }
  splitters.stdout.end();
  splitters.stderr.end();
  yield* ready;
}

class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #output: OutputName;
  readonly #onLine: (line: LogLine) => void;
  #rest = '';

  constructor(output: OutputName, onLine: (line: LogLine) => void) {
    this.#output = output;
    this.#onLine = onLine;
  }

  push(piece: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(piece)).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#onLine(parseLine(this.#output, line));
  }

  end(): void {
    if (this.#rest !== '') this.#onLine(parseLine(this.#output, this.#rest));
  }
}

/** The engine puts an RFC 3339 time and a space before each line. */
function parseLine(stream: OutputName, line: string): LogLine {
  const text = line.replace(/\r$/, '');
  const [, stamp, rest] = /^(\d{4}-\d\d-\d\dT\S+) (.*)$/s.exec(text) ?? [];
  const time = new Date(stamp ?? Number.NaN);
  return stamp === undefined || rest === undefined || Number.isNaN(time.getTime())
    ? { stream, text }
    : { stream, time, text: rest };
}
