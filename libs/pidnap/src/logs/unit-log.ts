import { closeSync } from 'node:fs';
import type { LogSpec } from '../config/spec.js';
import type { LogLine } from '../protocol/info.js';
import type { Fifo } from './fifo.js';
import { LineFormat, parseLogLine } from './line-format.js';
import { LineHub } from './line-hub.js';
import { PipeReader } from './pipe-reader.js';
import { RotatingFile } from './rotating-file.js';

export interface UnitLogOptions {
  readonly name: string;
  readonly kind: 'task' | 'process';
  readonly file: string;
  readonly logs: LogSpec;
  /** For stdout and stderr. */
  readonly fifos: readonly [Fifo, Fifo];
  /** Gets every line too, when somebody listens. */
  readonly hub: LineHub;
  /** Told when the file cannot be written, and when it can be again. */
  readonly onTrouble: (message: string) => void;
}

/** One stream: its pipe, its lines, and the timer for a line that does not end. */
interface Stream {
  readonly reader: PipeReader;
  readonly format: LineFormat;
  readonly flushTimer: NodeJS.Timeout;
}

/**
 * Everything a unit prints, from the pipes to the file. The pipes stay open over restarts: output of a
 * grandchild that outlives its run still arrives, and no restart waits for the end of a stream.
 */
export class UnitLog {
  readonly #options: UnitLogOptions;
  readonly #file: RotatingFile;
  readonly #streams: readonly Stream[];
  readonly #own = new LineHub();
  /** Writing sides for the next child, opened ahead of its start. */
  #writers: [number, number] | undefined;
  #opening: NodeJS.Immediate | undefined;

  constructor(options: UnitLogOptions) {
    this.#options = options;
    const { file, logs, fifos, onTrouble } = options;
    this.#file = new RotatingFile({
      path: file,
      maxBytes: logs.maxBytes,
      keep: logs.keep,
      notice: (text) =>
        logs.timestamps ? `${new Date().toISOString()} stderr F [pidnap] ${text}\n` : `[pidnap] ${text}\n`,
      onTrouble,
    });
    this.#streams = (['stdout', 'stderr'] as const).map((name, index) =>
      this.#open(name, fifos[index] as Fifo),
    );
  }

  get path(): string {
    return this.#file.path;
  }

  get bytes(): { written: number; dropped: number } {
    return { written: this.#file.written, dropped: this.#file.dropped };
  }

  /** Gives a child its stdout and stderr, which are closed here when `use` returns, and the paths of both. */
  withStdio<T>(use: (stdio: [number, number], paths: [string, string]) => T): T {
    const writers = this.#writers ?? this.#openWriters();
    this.#writers = undefined;
    try {
      const [stdout, stderr] = this.#options.fifos;
      return use(writers, [stdout.writerPath, stderr.writerPath]);
    } finally {
      for (const fd of writers) closeSync(fd);
      clearImmediate(this.#opening);
      this.#opening = setImmediate(() => {
        this.#writers = this.#openWriters();
      });
    }
  }

  #openWriters(): [number, number] {
    const [stdout, stderr] = this.#options.fifos;
    return [stdout.openWriter(), stderr.openWriter()];
  }

  /** Takes in what is in the pipes now; after the death of a child that is all it has written. */
  drain(): void {
    for (const { reader } of this.#streams) reader.drain();
  }

  /** Also writes lines that have not ended. */
  flush(): void {
    this.drain();
    for (const { format } of this.#streams) format.flush();
  }

  /** Calls for each new line until the returned function is called. */
  subscribe(listener: (line: LogLine) => void): () => void {
    return this.#own.subscribe(listener);
  }

  close(): void {
    clearImmediate(this.#opening);
    for (const fd of this.#writers ?? []) closeSync(fd);
    this.flush();
    for (const { reader, flushTimer } of this.#streams) {
      clearTimeout(flushTimer);
      reader.close();
    }
    for (const fifo of this.#options.fifos) fifo.close();
    this.#file.close();
  }

  #open(name: 'stdout' | 'stderr', fifo: Fifo): Stream {
    const format = new LineFormat(this.#options.logs.timestamps ? name : null, (lines) => this.#write(lines));
    const reader = new PipeReader(
      fifo.readFd,
      (chunk) => {
        format.push(chunk);
        if (format.hasPartial) flushTimer.refresh();
      },
      (error) => this.#options.onTrouble(`reading ${name} of ${this.#options.name}: ${error.message}`),
    );
    // One timer, refreshed: a new one per chunk would cost more than the chunk.
    const flushTimer = setTimeout(() => {
      // What waits in the pipe may be the rest of the line, when this process was too busy to read it.
      reader.drain();
      format.flush();
    }, this.#options.logs.flushAfter).unref();
    return { reader, format, flushTimer };
  }

  #write(lines: Buffer): void {
    this.#file.write(lines);
    const hubs = [this.#own, this.#options.hub].filter((hub) => hub.wants(this.#options.name));
    if (hubs.length === 0) return;
    for (const text of lines.toString('utf8').split('\n').slice(0, -1)) {
      const line = parseLogLine(text, this.#options);
      const stamped = line.time === null ? { ...line, time: new Date().toISOString() } : line;
      for (const hub of hubs) hub.publish(stamped);
    }
  }
}
