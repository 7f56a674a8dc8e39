import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { demultiplex } from './demultiplex.js';

function frame(stream: 1 | 2, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

function inChunks(data: Buffer, size: number): Readable {
  const chunks: Buffer[] = [];
  for (let at = 0; at < data.length; at += size) chunks.push(data.subarray(at, at + size));
  return Readable.from(chunks, { objectMode: false });
}

describe('demultiplex', () => {
  const binary = Buffer.from(Array.from({ length: 5000 }, (_, at) => at % 256));
  const data = Buffer.concat([
    frame(1, Buffer.from('out ')),
    frame(2, Buffer.from('err')),
    frame(1, Buffer.alloc(0)),
    frame(1, binary),
    frame(2, Buffer.from(' €')),
  ]);

  it.each([1, 2, 7, 8, 9, 1000, 1_000_000])(
    'splits it byte for byte when it comes in chunks of %i',
    async (size) => {
      const { stdout, stderr } = demultiplex(inChunks(data, size));
      const [out, err] = await Promise.all([buffer(stdout), buffer(stderr)]);
      expect(out).toEqual(Buffer.concat([Buffer.from('out '), binary]));
      expect(err.toString()).toBe('err €');
    },
  );

  it('stops reading the source while nobody reads the output', async () => {
    let produced = 0;
    const chunk = frame(1, Buffer.alloc(64 * 1024));
    const source = Readable.from(
      (function* () {
        for (; produced < 1000; produced += 1) yield chunk;
      })(),
      { objectMode: false },
    );
    const { stdout, stderr } = demultiplex(source);
    stderr.resume();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(produced).toBeLessThan(20);
    expect((await buffer(stdout)).length).toBe(1000 * 64 * 1024);
  });

  it('goes on when one output is destroyed', async () => {
    const { stdout, stderr } = demultiplex(inChunks(data, 100));
    stdout.destroy();
    expect((await buffer(stderr)).toString()).toBe('err €');
  });

  it('passes a failure of the source on to both', async () => {
    const source = new Readable({ read() {} });
    const { stdout, stderr } = demultiplex(source);
    source.destroy(new Error('engine gone'));
    await expect(buffer(stdout)).rejects.toThrow('engine gone');
    await expect(buffer(stderr)).rejects.toThrow('engine gone');
  });
});
