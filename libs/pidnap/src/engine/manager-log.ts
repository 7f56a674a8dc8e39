import type { LogSpec } from '../config/spec.js';
import { LineHub } from '../logs/line-hub.js';
import { RotatingFile } from '../logs/rotating-file.js';

export type Level = 'info' | 'warn' | 'error';

interface Entry {
  readonly time: string;
  readonly level: Level;
  readonly message: string;
}

/**
 * The manager's own log: `<logDir>/pidnap.log`, one line `<ISO time> <level> <message>` per entry. What is said in
 * one turn is written in one go at its end, so that a child which is started in it need not wait for the disk.
 */
export class ManagerLog {
  readonly path: string;
  readonly #file: RotatingFile;
  /** Every new line of it. */
  readonly lines = new LineHub();
  #pending: Entry[] = [];

  constructor(path: string, logs: LogSpec) {
    this.path = path;
    this.#file = new RotatingFile({
      path,
      maxBytes: logs.maxBytes,
      keep: logs.keep,
      notice: (text) => format(new Date().toISOString(), 'warn', text),
      // There is no further file to complain to; listeners still hear every line.
      onTrouble: (message) => this.#tell(new Date().toISOString(), 'error', message),
    });
  }

  write(level: Level, message: string): void {
    this.#pending.push({ time: new Date().toISOString(), level, message });
    // An error may be the last thing that is said.
    if (level === 'error') this.#flush();
    else if (this.#pending.length === 1) queueMicrotask(() => this.#flush());
  }

  close(): void {
    this.#flush();
    this.#file.close();
  }

  #flush(): void {
    const entries = this.#pending;
    if (entries.length === 0) return;
    this.#pending = [];
    const text = entries.map(({ time, level, message }) => format(time, level, message)).join('');
    this.#file.write(Buffer.from(text));
    for (const { time, level, message } of entries) this.#tell(time, level, message);
  }

  #tell(time: string, level: Level, message: string): void {
    const stream = level === 'info' ? 'stdout' : 'stderr';
    this.lines.publish({ name: 'pidnap', kind: 'manager', time, stream, partial: false, text: message });
  }
}

function format(time: string, level: Level, message: string): string {
  return `${time} ${level} ${message.replaceAll('\n', ' ')}\n`;
}
