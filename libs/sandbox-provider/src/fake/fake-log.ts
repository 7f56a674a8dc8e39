import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ByteStream, LogLine, LogOptions } from '../driver.js';

/** The lines of a fake sandbox's main process. */
export class FakeLog {
  readonly #lines: LogLine[] = [];
  readonly #waiting = new Set<() => void>();
  #open = false;

  open(): void {
    this.#open = true;
  }

  close(): void {
    this.#open = false;
    this.#wake();
  }

  /** Takes lines until the output ends. */
  async read(stream: LogLine['stream'], output: ByteStream): Promise<void> {
    for await (const text of createInterface({ input: Readable.from(output, { objectMode: false }) })) {
      this.#lines.push({ stream, time: new Date(), text });
      this.#wake();
    }
  }

  async *lines({ follow = false, tail, since, signal }: LogOptions): AsyncGenerator<LogLine> {
    const wanted = ({ time }: LogLine) => since === undefined || time === undefined || time >= since;
    const first = tail === undefined ? 0 : Math.max(0, this.#lines.length - tail);
    for (let at = first; ; at += 1) {
      while (at >= this.#lines.length) {
        if (!follow || !this.#open || signal?.aborted === true) return;
        await this.#change(signal);
      }
      if (signal?.aborted === true) return;
      const line = this.#lines[at];
      if (line !== undefined && wanted(line)) yield line;
    }
  }

  #change(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  #wake(): void {
    for (const done of this.#waiting) done();
  }
}
