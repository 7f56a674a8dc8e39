/** What stands before each line of a session's log. */
const STREAM_PREFIX = {
  stdout: Buffer.from([1, 1, 1]),
  stderr: Buffer.from([2, 2, 2]),
} as const;

const PREFIX_BYTES = 3;
const NEWLINE = Buffer.from('\n');

/** One of the two outputs. */
export type StreamName = keyof typeof STREAM_PREFIX;

/** Cuts chunks into lines without their newline. */
export class LineSplitter {
  #rest: Buffer[] = [];

  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      lines.push(Buffer.concat([...this.#rest, chunk.subarray(start, end)]));
      this.#rest = [];
      start = end + 1;
    }
    if (start < chunk.length) this.#rest.push(chunk.subarray(start));
    return lines;
  }

  /** The line that has no newline, if any. */
  flush(): Buffer[] {
    const rest = this.#rest;
    this.#rest = [];
    return rest.length === 0 ? [] : [Buffer.concat(rest)];
  }
}

/**
 * A line as the service's log holds it, with the service's limits: there a shell reads each line, so NUL
 * bytes are lost, and the last line ends with a newline whether it had one or not.
 */
export function labelLine(stream: StreamName, line: Buffer): Buffer {
  const text = line.includes(0) ? line.filter((byte) => byte !== 0) : line;
  return Buffer.concat([STREAM_PREFIX[stream], text, NEWLINE]);
}

/** Takes a log apart again. */
export function splitLabelled(log: Buffer): { output: string; stdout: string; stderr: string } {
  const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[], output: [] as Buffer[] };
  for (let start = 0; start < log.length; ) {
    const newline = log.indexOf(10, start);
    const end = newline === -1 ? log.length : newline + 1;
    const line = log.subarray(start, end);
    const stream = line.subarray(0, PREFIX_BYTES).equals(STREAM_PREFIX.stderr) ? 'stderr' : 'stdout';
    parts[stream].push(line.subarray(PREFIX_BYTES));
    parts.output.push(line.subarray(PREFIX_BYTES));
    start = end;
  }
  const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString('utf8');
  return { output: text(parts.output), stdout: text(parts.stdout), stderr: text(parts.stderr) };
}
