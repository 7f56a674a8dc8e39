import type { LogLine } from '../protocol/info.js';

const newline = 10;

/** Longer lines are cut: a bound for memory, above what terminals and collectors take. */
const maxLine = 65_536;

/** Room for formatted lines, shared because it is written out before the call returns. */
const out = Buffer.allocUnsafeSlow(524_288);

/**
 * Turns chunks of one stream into whole lines for a log file. Handles chunks, not lines: one time stamp per
 * chunk and no object per line, which is what makes hundreds of megabytes per minute affordable.
 */
export class LineFormat {
  readonly #stamp: ((tag: 'F' | 'P') => string) | null;
  readonly #write: (lines: Buffer) => void;
  #carry = Buffer.allocUnsafeSlow(256);
  #carried = 0;

  /**
   * @param stream `null` leaves lines as they are
   * @param write gets whole lines in a buffer that is valid during the call only
   */
  constructor(stream: 'stdout' | 'stderr' | null, write: (lines: Buffer) => void) {
    this.#stamp = stream && ((tag) => `${new Date().toISOString()} ${stream} ${tag} `);
    this.#write = write;
  }

  /** Whether a line has begun and not ended. */
  get hasPartial(): boolean {
    return this.#carried > 0;
  }

  push(chunk: Buffer): void {
    const last = chunk.lastIndexOf(newline);
    if (last < 0) {
      this.#keep(chunk);
      return;
    }
    if (this.#stamp) this.#stampLines(chunk, last + 1, this.#stamp('F'));
    else this.#passLines(chunk, last + 1);
    if (last + 1 < chunk.length) this.#keep(chunk.subarray(last + 1));
  }

  /** Writes a line that has not ended; what follows of it becomes a line of its own. */
  flush(): void {
    if (this.#carried === 0) return;
    const prefix = this.#stamp?.('P') ?? '';
    let end = out.write(prefix, 0, 'latin1');
    end += this.#carry.copy(out, end, 0, this.#carried);
    out[end++] = newline;
    this.#carried = 0;
    this.#write(out.subarray(0, end));
  }

  #stampLines(chunk: Buffer, end: number, stamp: string): void {
    const prefix = Buffer.from(stamp, 'latin1');
    let length = 0;
    for (let start = 0; start < end; ) {
      const stop = chunk.indexOf(newline, start) + 1;
      if (length + prefix.length + this.#carried + (stop - start) > out.length) {
        this.#write(out.subarray(0, length));
        length = 0;
      }
      out.set(prefix, length);
      length += prefix.length;
      length += this.#takeCarry(length);
      length += chunk.copy(out, length, start, stop);
      start = stop;
    }
    this.#write(out.subarray(0, length));
  }

  #passLines(chunk: Buffer, end: number): void {
    if (this.#carried === 0) {
      this.#write(chunk.subarray(0, end));
      return;
    }
    let length = this.#takeCarry(0);
    length += chunk.copy(out, length, 0, end);
    this.#write(out.subarray(0, length));
  }

  #takeCarry(at: number): number {
    if (this.#carried === 0) return 0;
    const length = this.#carry.copy(out, at, 0, this.#carried);
    this.#carried = 0;
    return length;
  }

  #keep(rest: Buffer): void {
    const needed = this.#carried + rest.length;
    if (needed > this.#carry.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(this.#carry.length * 2, maxLine * 2)));
      this.#carry.copy(larger, 0, 0, this.#carried);
      this.#carry = larger;
    }
    rest.copy(this.#carry, this.#carried);
    this.#carried = needed;
    if (this.#carried >= maxLine) this.flush();
  }
}

const stamped = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (stdout|stderr) ([FP]) (.*)$/s;

/** Reads one line of a log file back. */
export function parseLogLine(text: string, source: Pick<LogLine, 'name' | 'kind'>): LogLine {
  const match = stamped.exec(text);
  if (!match) return { ...source, time: null, stream: null, partial: false, text };
  const [, time = '', stream, tag, rest = ''] = match;
  return {
    ...source,
    time,
    stream: stream === 'stderr' ? 'stderr' : 'stdout',
    partial: tag === 'P',
    text: rest,
  };
}
