import { Readable } from 'node:stream';
import type { ByteStream } from './driver.js';

/** A byte stream as a Node stream. One that is a Node stream already stays as it is: iterating it costs time. */
export function readableOf(bytes: ByteStream): Readable {
  return bytes instanceof Readable ? bytes : Readable.from(bytes, { objectMode: false });
}
