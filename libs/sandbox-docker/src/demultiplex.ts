import { PassThrough, type Readable } from 'node:stream';
import { FrameParser } from './frame-parser.js';

/**
 * Splits the engine's multiplexed stream. Slow reading of either output stops the reading of both, so
 * memory stays flat; an output that is destroyed loses its data and blocks nobody.
 */
export function demultiplex(source: Readable): { stdout: Readable; stderr: Readable } {
  const outputs = { stdout: new PassThrough(), stderr: new PassThrough() };
  const blocked = new Set<PassThrough>();

  const parser = new FrameParser((name, piece) => {
    const output = outputs[name];
    if (output.destroyed || output.write(piece) || blocked.has(output)) return;
    blocked.add(output);
    const release = () => {
      output.off('drain', release).off('close', release);
      blocked.delete(output);
      if (blocked.size === 0) source.resume();
    };
    output.on('drain', release).on('close', release);
  });
  const all = [outputs.stdout, outputs.stderr];
  // A failure reaches whoever reads; an output that nobody reads must not end the program.
  for (const output of all) output.on('error', () => undefined);
  source.on('data', (chunk: Buffer) => {
    parser.push(chunk);
    if (blocked.size > 0) source.pause();
  });
  source.on('error', (error) => {
    for (const output of all) output.destroy(error);
  });
  // 'close' without 'end' means that the engine went away in the middle; ending twice is harmless.
  for (const event of ['end', 'close']) {
    source.on(event, () => {
      for (const output of all) output.end();
    });
  }
  return outputs;
}
