import { Readable } from 'node:stream';
import { FrameParser } from './frame-parser.js';

/**
 * Chunks read ahead of the slower reader, each at most what one read of a socket gives (64 KiB); enough that a fast
 * reader is never waited for.
 */
const READ_AHEAD_CHUNKS = 16;

/**
 * Splits the engine's multiplexed stream. Slow reading of either output stops the reading of both, so
 * memory stays flat; an output that is destroyed loses its data and blocks nobody.
 */
export function demultiplex(source: Readable): { stdout: Readable; stderr: Readable } {
  const blocked = new Set<Readable>();
  const release = (output: Readable) => {
    if (blocked.delete(output) && blocked.size === 0) source.resume();
  };
  const makeOutput = (): Readable =>
    new Readable({
      // Chunks are handed on as they are; a stream of bytes would join all that wait, and so copy them.
      objectMode: true,
      highWaterMark: READ_AHEAD_CHUNKS,
      read() {
        release(this);
      },
      destroy(error, done) {
        release(this);
        done(error);
      },
    });
  const outputs = { stdout: makeOutput(), stderr: makeOutput() };
  const all = [outputs.stdout, outputs.stderr];
  // A failure reaches whoever reads; an output that nobody reads must not end the program.
  for (const output of all) output.on('error', () => undefined);

  const parser = new FrameParser((name, piece) => {
    const output = outputs[name];
    if (!output.destroyed && !output.push(piece)) blocked.add(output);
  });
  source.on('data', (chunk: Buffer) => {
    parser.push(chunk);
    if (blocked.size > 0) source.pause();
  });
  source.on('error', (error) => {
    for (const output of all) output.destroy(error);
  });
  let over = false;
  // 'close' without 'end' means that the engine went away in the middle.
  for (const event of ['end', 'close']) {
    source.on(event, () => {
      if (over) return;
      over = true;
      for (const output of all) if (!output.destroyed) output.push(null);
    });
  }
  return outputs;
}
