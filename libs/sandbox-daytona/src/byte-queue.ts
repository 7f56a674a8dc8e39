import type { ByteStream } from '@iterate/sandbox-provider';

/** Chunks on their way from one that pushes to one that iterates. */
export class ByteQueue {
  readonly #high: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  #error: unknown;
  #wakeReader: (() => void) | undefined;
  #wakeWriters: Array<() => void> = [];

  /** @param high Bytes above which {@link push} waits for the reader. */
  constructor(high = 1024 * 1024) {
    this.#high = high;
  }

  /** Resolves when more is welcome. */
  async push(chunk: Uint8Array): Promise<void> {
    if (this.#ended || chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#wakeReader?.();
    if (this.#bytes > this.#high) await new Promise<void>((resolve) => this.#wakeWriters.push(resolve));
  }

  /** @param error Thrown to the reader after what was pushed. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wakeReader?.();
    this.#letWritersOn();
  }

  /** To be iterated once; leaving early lets the writer go on into nothing. */
  async *read(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) {
          this.#bytes -= chunk.length;
          if (this.#bytes <= this.#high) this.#letWritersOn();
          yield chunk;
        } else if (this.#ended) {
          if (this.#error !== undefined) throw this.#error;
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wakeReader = resolve;
          });
          this.#wakeReader = undefined;
        }
      }
    } finally {
      this.#ended = true;
      this.#chunks = [];
      this.#letWritersOn();
    }
  }

  #letWritersOn(): void {
    const writers = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const resolve of writers) resolve();
  }
}

/** A stream without bytes. */
export async function* noBytes(): ByteStream & AsyncGenerator<Uint8Array> {}
