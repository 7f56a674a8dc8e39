/** What a field of a log line can be. */
type LogValue = string | number | boolean | null;
type LogFields = Readonly<Record<string, LogValue>>;

/** Writes one line per event; callers never pass values of secrets. */
export interface Logger {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** A logger of `time=… level=… msg="…" key=value` lines. @param write @default to stdout */
export function createLogger(write: (line: string) => void = (line) => process.stdout.write(line)): Logger {
  const log =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      const all = { time: new Date().toISOString(), level, msg: message, ...fields };
      write(
        `${Object.entries(all)
          .map(([key, value]) => `${key}=${format(value)}`)
          .join(' ')}\n`,
      );
    };
  return { info: log('info'), warn: log('warn'), error: log('error') };
}

/** Bare where that is unmistakable, otherwise as a JSON string, so that a line stays a line. */
function format(value: LogValue): string {
  const text = String(value);
  return /^[\w./:@+-]+$/.test(text) ? text : JSON.stringify(text);
}
