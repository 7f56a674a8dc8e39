import type { LogSpec } from '../config/spec.js';
import { LineHub } from '../logs/line-hub.js';
import { RotatingFile } from '../logs/rotating-file.js';

export type Level = 'info' | 'warn' | 'error';

/** The manager's own log: `<logDir>/pidnap.log`, one line `<ISO time> <level> <message>` per entry. */
export class ManagerLog {
  readonly path: string;
  readonly #file: RotatingFile;
  /** Every new line of it. */
  readonly lines = new LineHub();

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
    const time = new Date().toISOString();
    this.#file.write(Buffer.from(format(time, level, message)));
    this.#tell(time, level, message);
  }

  close(): void {
    this.#file.close();
  }

  #tell(time: string, level: Level, message: string): void {
    const stream = level === 'info' ? 'stdout' : 'stderr';
    this.lines.publish({ name: 'pidnap', kind: 'manager', time, stream, partial: false, text: message });
  }
}

function format(time: string, level: Level, message: string): string {
  return `${time} ${level} ${message.replaceAll('\n', ' ')}\n`;
}
