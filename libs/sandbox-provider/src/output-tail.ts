/** Small enough that a short output costs little, large enough that a long one needs few. */
const BLOCK_BYTES = 64 * 1024;

/**
 * Keeps the last `limit` bytes written to it, in memory that never exceeds that by more than two blocks: each
 * byte is copied once, into blocks that are used again when what they hold is too old.
 */
export class OutputTail {
  readonly #limit: number;
  readonly #blockBytes: number;
  /** All full but the last one. */
  #blocks: Buffer[] = [];
  /** Bytes in the last block. */
  #filled = 0;
  #total = 0;

  constructor(limit: number) {
    this.#limit = limit;
    this.#blockBytes = Math.max(1, Math.min(limit, BLOCK_BYTES));
  }

  /** Whether older bytes were dropped. */
  get truncated(): boolean {
    return this.#total > this.#limit;
  }

  write(chunk: Uint8Array): void {
    this.#total += chunk.byteLength;
    // Of a chunk longer than the limit only the end can count.
    let rest = chunk.subarray(Math.max(0, chunk.byteLength - this.#limit));
    while (rest.byteLength > 0) {
      const block = this.#openBlock();
      const taken = rest.subarray(0, block.length - this.#filled);
      block.set(taken, this.#filled);
      this.#filled += taken.byteLength;
      rest = rest.subarray(taken.byteLength);
    }
  }

  bytes(): Uint8Array {
    const last = this.#blocks.length - 1;
    const parts = this.#blocks.map((block, at) => (at === last ? block.subarray(0, this.#filled) : block));
    const joined = Buffer.concat(parts);
    return joined.subarray(Math.max(0, joined.length - this.#limit));
  }

  /** The last block, which has room. */
  #openBlock(): Buffer {
    const last = this.#blocks.at(-1);
    if (last !== undefined && this.#filled < last.length) return last;
    this.#filled = 0;
    // The newest blocks alone hold enough, so the oldest one is free.
    const enough = this.#blocks.length * this.#blockBytes >= this.#limit + this.#blockBytes;
    const block = (enough ? this.#blocks.shift() : undefined) ?? Buffer.allocUnsafe(this.#blockBytes);
    this.#blocks.push(block);
    return block;
  }
}
