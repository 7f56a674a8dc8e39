import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type LabelledLine, LabelledLineParser } from './labelled-lines.js';

const RECONNECT_MS = 250;
const HIGH_BYTES = 4 * 1024 * 1024;

/** Where a log is and when to stop reading it. */
export interface LogSource {
  /** `ws://…` or `wss://…` */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /**
   * Asked when the socket was lost: resolves when the log can be read on, rejects when what it is about is
   * gone.
   */
  readonly stillThere: () => Promise<void>;
}

/**
 * The lines of a log from its start, each once. A socket that is cut, as proxies do after a while, is opened
 * again; the service then sends all from the start, and what was seen is skipped.
 */
export async function* followLog(source: LogSource): AsyncGenerator<LabelledLine> {
  let seen = 0;
  while (!source.signal.aborted) {
    const parser = new LabelledLineParser();
    let skip = seen;
    let complete = false;
    for await (const chunk of readSocket(source, () => {
      complete = true;
    })) {
      for (const line of parser.push(chunk)) {
        if (skip > 0) skip -= 1;
        else {
          seen += 1;
          yield line;
        }
      }
    }
    if (complete || source.signal.aborted) return;
    await source.stillThere();
    await sleep(RECONNECT_MS, undefined, { signal: source.signal }).catch(() => undefined);
  }
}

/** The frames of one socket until it ends for whatever reason. @param onComplete Called when it ended in order. */
async function* readSocket(
  { url, headers, signal }: LogSource,
  onComplete: () => void,
): AsyncGenerator<Uint8Array> {
  const socket = new WebSocket(url, { headers });
  const chunks: Buffer[] = [];
  let bytes = 0;
  let closed = false;
  let wake: () => void = () => undefined;
  socket.on('message', (data: Buffer) => {
    chunks.push(data);
    bytes += data.length;
    if (bytes > HIGH_BYTES) socket.pause();
    wake();
  });
  // Whatever the error was, "close" follows, and the caller looks whether the sandbox is still there.
  socket.on('error', () => undefined);
  socket.once('close', (code) => {
    closed = true;
    if (code === 1000) onComplete();
    wake();
  });
  const onAbort = () => socket.terminate();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      const chunk = chunks.shift();
      if (chunk !== undefined) {
        bytes -= chunk.length;
        if (socket.isPaused && bytes <= HIGH_BYTES) socket.resume();
        yield chunk;
      } else if (closed) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (!closed) socket.terminate();
  }
}
