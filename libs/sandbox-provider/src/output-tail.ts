/** Keeps the last `limit` bytes written to it, in memory that never exceeds twice that. */
export class OutputTail {
  readonly #limit: number;
  #chunks: Uint8Array[] = [];
  #kept = 0;
  #total = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether older bytes were dropped. */
  get truncated(): boolean {
    return this.#total > this.#limit;
  }

  write(chunk: Uint8Array): void {
    this.#total += chunk.byteLength;
    if (chunk.byteLength >= this.#limit) {
      // Nothing older counts any more; a copy lets go of the rest of the chunk.
      this.#chunks = [Buffer.from(chunk.subarray(chunk.byteLength - this.#limit))];
      this.#kept = this.#limit;
      return;
    }
    this.#chunks.push(chunk);
    this.#kept += chunk.byteLength;
    if (this.#kept > this.#limit * 2) this.#compact();
  }

  bytes(): Uint8Array {
    this.#compact();
    return this.#chunks[0] ?? new Uint8Array();
  }

  #compact(): void {
    const joined = Buffer.concat(this.#chunks);
    const kept =
      joined.byteLength > this.#limit
        ? Buffer.from(joined.subarray(joined.byteLength - this.#limit))
        : joined;
    this.#chunks = [kept];
    this.#kept = kept.byteLength;
  }
}
