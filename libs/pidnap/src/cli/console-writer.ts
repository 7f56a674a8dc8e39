import { write } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Output that waits for a slow reader; beyond it new lines are dropped and counted. */
const maxQueuedBytes = 8 * 1024 * 1024;

/**
 * Writes to a descriptor without ever blocking the manager: Node's own stdout is synchronous on pipes, so a
 * collector that stops reading would stop the supervisor. A reader that goes away ends the output only.
 */
export class ConsoleWriter {
  readonly #fd: number;
  readonly #notice: (text: string) => string;
  #queue: Buffer[] = [];
  #queued = 0;
  #dropped = 0;
  #writing = false;
  #broken = false;

  /** @param notice formats the line that tells of dropped ones */
  constructor(fd: number, notice: (text: string) => string) {
    this.#fd = fd;
    this.#notice = notice;
  }

  write(text: string): void {
    if (this.#broken) return;
    if (this.#queued > maxQueuedBytes) {
      this.#dropped++;
      return;
    }
    if (this.#dropped > 0) {
      this.#push(this.#notice(`${this.#dropped} lines dropped here: the reader of this output is too slow`));
      this.#dropped = 0;
    }
    this.#push(text);
    this.#pump();
  }

  /** Waits for the reader, but not for long. */
  async flush(timeoutMs = 1000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (this.#queued > 0 && !this.#broken && performance.now() < deadline) await sleep(5);
  }

  #push(text: string): void {
    const bytes = Buffer.from(text);
    this.#queue.push(bytes);
    this.#queued += bytes.length;
  }

  #pump(): void {
    if (this.#writing || this.#queue.length === 0) return;
    this.#writing = true;
    const bytes = Buffer.concat(this.#queue);
    this.#queue = [];
    write(this.#fd, bytes, (error, written) => this.#onWritten(error, bytes, written));
  }

  #onWritten(error: NodeJS.ErrnoException | null, bytes: Buffer, written: number): void {
    this.#writing = false;
    if (error && error.code !== 'EAGAIN') {
      this.#broken = true;
      this.#queue = [];
      return;
    }
    const done = error ? 0 : written;
    this.#queued -= done;
    if (done < bytes.length) this.#queue.unshift(bytes.subarray(done));
    // A full non-blocking pipe says EAGAIN until its reader takes something.
    if (error) setTimeout(() => this.#pump(), 10);
    else this.#pump();
  }
}
