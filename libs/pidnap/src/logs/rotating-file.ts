import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

const newline = 10;

export interface RotatingFileOptions {
  readonly path: string;
  /** Rotate before the file grows past this. A single longer line still goes in whole. */
  readonly maxBytes: number;
  /** Rotated files `<path>.1` (newest) to `<path>.<keep>`; 0 starts the file over. */
  readonly keep: number;
  /** The line that tells a reader of the file how much is missing, once it can be written again. */
  readonly notice: (text: string) => string;
  /** Called when writing begins to fail, and when it works again. */
  readonly onTrouble: (message: string) => void;
}

/**
 * A log file that never splits a line over two files and never fails its writer: what cannot be written (a
 * full disk) is dropped whole lines at a time and counted. Writes are synchronous, so that what was written
 * is in the file before the writer goes on, also when the manager dies right after.
 */
export class RotatingFile {
  readonly #options: RotatingFileOptions;
  #fd: number | undefined;
  #size = 0;
  #troubled = false;
  /** Bytes dropped that the file does not tell of yet. */
  #missing = 0;
  #written = 0;
  #dropped = 0;

  constructor(options: RotatingFileOptions) {
    this.#options = options;
    this.#attempt(() => this.#open());
  }

  get path(): string {
    return this.#options.path;
  }

  /** Bytes written since this object was made. */
  get written(): number {
    return this.#written;
  }

  /** Bytes lost since this object was made. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Appends whole lines. */
  write(lines: Buffer): void {
    let rest = lines;
    while (rest.length > 0) {
      const end = this.#fitting(rest);
      if (end === 0 && this.#attempt(() => this.#rotate())) continue;
      // A file that cannot be rotated grows on: too long is better than lost.
      const next = end === 0 ? rest : rest.subarray(0, end);
      if (!this.#append(next)) {
        this.#drop(rest.length);
        return;
      }
      rest = rest.subarray(next.length);
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** How much of the lines goes into the current file: whole lines only, 0 when it is time to rotate. */
  #fitting(lines: Buffer): number {
    const room = this.#options.maxBytes - this.#size;
    if (lines.length <= room) return lines.length;
    const end = room > 0 ? lines.lastIndexOf(newline, room - 1) + 1 : 0;
    if (end > 0 || this.#size > 0) return end;
    return lines.indexOf(newline) + 1 || lines.length;
  }

  #append(lines: Buffer): boolean {
    return this.#attempt(() => {
      const fd = this.#fd ?? this.#open();
      if (this.#missing > 0) {
        this.#put(fd, Buffer.from(this.#notice()));
        this.#missing = 0;
      }
      this.#put(fd, lines);
      this.#written += lines.length;
    });
  }

  #notice(): string {
    return this.#options.notice(
      `${this.#missing} bytes of output are missing here: the log could not be written`,
    );
  }

  /** Writes all or, by cutting the file back, nothing. */
  #put(fd: number, lines: Buffer): void {
    let done = 0;
    try {
      while (done < lines.length) done += writeSync(fd, lines, done);
      this.#size += done;
    } catch (error) {
      if (done > 0) ftruncateSync(fd, this.#size);
      throw error;
    }
  }

  #drop(bytes: number): void {
    this.#missing += bytes;
    this.#dropped += bytes;
  }

  /** Runs a step on the file; a failure becomes a message, and the next success ends the trouble. */
  #attempt(step: () => void): boolean {
    try {
      step();
    } catch (error) {
      if (!this.#troubled)
        this.#options.onTrouble(`${this.path}: ${(error as Error).message}; output is dropped`);
      this.#troubled = true;
      return false;
    }
    if (this.#troubled && this.#fd !== undefined) {
      this.#troubled = false;
      this.#options.onTrouble(
        `${this.path}: writing works again; ${this.#dropped} bytes were dropped so far`,
      );
    }
    return true;
  }

  #rotate(): void {
    const { path, keep } = this.#options;
    if (this.#fd === undefined) this.#open();
    for (let index = keep - 1; index >= 1; index--) renameIfThere(`${path}.${index}`, `${path}.${index + 1}`);
    if (keep > 0) renameIfThere(path, `${path}.1`);
    else rmSync(path, { force: true });
    this.close();
    this.#open();
  }

  #open(): number {
    mkdirSync(dirname(this.path), { recursive: true });
    // Appending, so that a file emptied by somebody else goes on at its start without a hole.
    const fd = openSync(this.path, 'a', 0o640);
    this.#fd = fd;
    this.#size = fstatSync(fd).size;
    return fd;
  }
}

function renameIfThere(from: string, to: string): void {
  if (statSync(from, { throwIfNoEntry: false })) renameSync(from, to);
}
