import { statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { LogLine } from '../protocol/info.js';
import { parseLogLine } from './line-format.js';

const newline = 10;
const blockSize = 65_536;

/** A stretch of a file as it was when reading began; it is found by its open file after a rotation. */
interface Segment {
  readonly handle: FileHandle;
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
  const files = existing(path).filter(({ mtimeMs }) => since === undefined || mtimeMs >= Date.parse(since));
  const handles = await openAll(files);
  try {
    for (const segment of await lastLines(handles, options.tail)) {
      for await (const text of lines(segment)) {
        const line = parseLogLine(text, source);
        if (since === undefined || line.time === null || line.time >= since) yield line;
      }
    }
  } finally {
    await Promise.all(handles.map(({ handle }) => handle.close()));
  }
}

/** The rotated files and the current one, oldest first. */
function existing(path: string): { path: string; size: number; mtimeMs: number }[] {
  const found: { path: string; size: number; mtimeMs: number }[] = [];
  for (let index = 0; ; index++) {
    const candidate = index === 0 ? path : `${path}.${index}`;
    const stat = statSync(candidate, { throwIfNoEntry: false });
    if (!stat && index > 0) return found.reverse();
    if (stat) found.push({ path: candidate, size: stat.size, mtimeMs: stat.mtimeMs });
  }
}

async function openAll(files: readonly { path: string; size: number }[]): Promise<Segment[]> {
  const opened: Segment[] = [];
  for (const { path, size } of files) {
    const handle = await open(path, 'r').catch(ignoreMissing);
    if (handle) opened.push({ handle, start: 0, end: size });
  }
  return opened;
}

/** A file may be rotated away between the look and the opening. */
function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
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
    const { bytesRead } = await segment.handle.read(block, 0, end - start, start);
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

async function* lines({ handle, start, end }: Segment): AsyncGenerator<string> {
  const block = Buffer.allocUnsafe(blockSize);
  let rest: Buffer = Buffer.alloc(0);
  for (let position = start; position < end; ) {
    const { bytesRead } = await handle.read(block, 0, Math.min(blockSize, end - position), position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const bytes = Buffer.concat([rest, block.subarray(0, bytesRead)]);
    const last = bytes.lastIndexOf(newline);
    if (last >= 0) yield* bytes.toString('utf8', 0, last).split('\n');
    rest = bytes.subarray(last + 1);
  }
  if (rest.length > 0) yield rest.toString('utf8');
}
