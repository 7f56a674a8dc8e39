const HEADER_BYTES = 8;
const STDERR = 2;

/** Which output a piece of a multiplexed stream belongs to. */
export type OutputName = 'stdout' | 'stderr';

/**
 * Reads the engine's multiplexed stream, in which each payload follows a header of eight bytes (stream
 * number, three zeros, length). Payloads are handed on in pieces as they arrive, never collected.
 */
export class FrameParser {
  readonly #header = Buffer.alloc(HEADER_BYTES);
  readonly #onPiece: (output: OutputName, piece: Buffer) => void;
  #headerFilled = 0;
  #payloadLeft = 0;
  #output: OutputName = 'stdout';

  constructor(onPiece: (output: OutputName, piece: Buffer) => void) {
    this.#onPiece = onPiece;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#payloadLeft === 0) {
        const taken = chunk.copy(
          this.#header,
          this.#headerFilled,
          at,
          at + HEADER_BYTES - this.#headerFilled,
        );
        this.#headerFilled += taken;
        at += taken;
        if (this.#headerFilled < HEADER_BYTES) return;
        this.#headerFilled = 0;
        this.#payloadLeft = this.#header.readUInt32BE(4);
        this.#output = this.#header[0] === STDERR ? 'stderr' : 'stdout';
      } else {
        const end = Math.min(at + this.#payloadLeft, chunk.length);
        this.#onPiece(this.#output, chunk.subarray(at, end));
        this.#payloadLeft -= end - at;
        at = end;
      }
    }
  }
}
