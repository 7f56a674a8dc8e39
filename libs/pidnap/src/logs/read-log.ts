import { closeSync, fstatSync, openSync, read } from 'node:fs';
import { promisify } from 'node:util';
import type { LogLine } from '../protocol/info.js';
import { parseLogLine } from './line-format.js';

const readAt = promisify(read);
const newline = 10;
const blockSize = 65_536;

/** A stretch of a file as it was when reading began; it is found by its open file after a rotation. */
interface Segment {
  readonly fd: number;
  readonly start: number;
  readonly end: number;
}

export interface ReadLogOptions {
  readonly tail?: number;
  /** ISO time. */
  readonly since?: string;
}

/**
 * Reads a log with its rotated files, oldest line first, up to the byte that was last when the call was
 * made. Raw lines have no time; `since` then goes by the time of the file.
 */
export async function* readLog(
  path: string,
  source: Pick<LogLine, 'name' | 'kind'>,
  options: ReadLogOptions = {},
): AsyncGenerator<LogLine> {
  const since = options.since === undefined ? undefined : new Date(options.since).toISOString();
  const segments = openSegments(path, since === undefined ? 0 : Date.parse(since));
  try {
    for (const segment of await lastLines(segments, options.tail)) {
      for await (const text of lines(segment)) {
        const line = parseLogLine(text, source);
        if (since === undefined || line.time === null || line.time >= since) yield line;
      }
    }
  } finally {
    for (const { fd } of segments) closeSync(fd);
  }
}

/**
 * The rotated files and the current one, oldest first, but for those last written before `sinceMs`. All are opened in
 * one turn of the event loop: a rotation of this process between two of them would hide one file, or show it twice.
 */
function openSegments(path: string, sinceMs: number): Segment[] {
  const opened: Segment[] = [];
  try {
    for (let index = 0; ; index++) {
      const fd = openIfThere(index === 0 ? path : `${path}.${index}`);
      if (fd === undefined && index > 0) return opened.reverse();
      if (fd === undefined) continue;
      const { size, mtimeMs } = fstatSync(fd);
      if (mtimeMs >= sinceMs) opened.push({ fd, start: 0, end: size });
      else closeSync(fd);
    }
  } catch (error) {
    for (const { fd } of opened) closeSync(fd);
    throw error;
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** Cuts the segments down to the last `count` lines, reading backwards. */
async function lastLines(segments: Segment[], count: number | undefined): Promise<Segment[]> {
  if (count === undefined) return segments;
  const kept: Segment[] = [];
  let wanted = count;
  for (const segment of segments.toReversed()) {
    if (wanted <= 0) break;
    const { start, found } = await tailStart(segment, wanted);
    kept.unshift({ ...segment, start });
    wanted -= found;
  }
  return kept;
}

async function tailStart(segment: Segment, count: number): Promise<{ start: number; found: number }> {
  const block = Buffer.allocUnsafe(blockSize);
  let newlines = 0;
  for (let end = segment.end; end > 0; ) {
    const start = Math.max(0, end - blockSize);
    const { bytesRead } = await readAt(segment.fd, block, 0, end - start, start);
    for (let at = bytesRead - 1; at >= 0; at--) {
      if (block[at] !== newline) continue;
      // The newline that ends the last line does not begin another.
      if (start + at === segment.end - 1) continue;
      newlines++;
      if (newlines === count) return { start: start + at + 1, found: count };
    }
    end = start;
  }
  return { start: 0, found: segment.end === 0 ? 0 : newlines + 1 };
}

async function* lines({ fd, start, end }: Segment): AsyncGenerator<string> {
  const block = Buffer.allocUnsafe(blockSize);
  let rest: Buffer = Buffer.alloc(0);
  for (let position = start; position < end; ) {
    const { bytesRead } = await readAt(fd, block, 0, Math.min(blockSize, end - position), position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const bytes = Buffer.concat([rest, block.subarray(0, bytesRead)]);
    const last = bytes.lastIndexOf(newline);
    if (last >= 0) yield* bytes.toString('utf8', 0, last).split('\n');
    rest = bytes.subarray(last + 1);
  }
  if (rest.length > 0) yield rest.toString('utf8');
}
