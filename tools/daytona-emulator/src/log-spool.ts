import { type FileHandle, open, rm } from 'node:fs/promises';

const READ_BYTES = 64 * 1024;

/** Bytes that grow at one end and are followed from the start by any number of readers; kept in a file. */
export class LogSpool {
  readonly #path: string;
  #file: Promise<FileHandle> | undefined;
  #size = 0;
  #ended = false;
  #pending: Promise<void> = Promise.resolve();
  #waiters: Array<() => void> = [];

  constructor(path: string) {
    this.#path = path;
  }

  append(chunk: Uint8Array): Promise<void> {
    this.#pending = this.#pending.then(async () => {
      const file = await this.#open();
      await file.write(chunk, 0, chunk.length, this.#size);
      this.#size += chunk.length;
      this.#wake();
    });
    return this.#pending;
  }

  /** No more follows; readers end once they have all. */
  end(): Promise<void> {
    this.#pending = this.#pending.then(() => {
      this.#ended = true;
      this.#wake();
    });
    return this.#pending;
  }

  /** @param follow Wait for what is still to come, up to {@link end}. */
  async *read({ follow, signal }: { follow: boolean; signal?: AbortSignal }): AsyncGenerator<Buffer> {
    await this.#pending;
    const wake = () => this.#wake();
    signal?.addEventListener('abort', wake, { once: true });
    for (let offset = 0; signal?.aborted !== true; ) {
      if (offset < this.#size) {
        const file = await this.#open();
        const chunk = Buffer.alloc(Math.min(READ_BYTES, this.#size - offset));
        const { bytesRead } = await file.read(chunk, 0, chunk.length, offset);
        offset += bytesRead;
        yield chunk.subarray(0, bytesRead);
      } else if (!follow || this.#ended) {
        return;
      } else {
        await this.#grown();
      }
    }
  }

  async text(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.read({ follow: false })) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async remove(): Promise<void> {
    await this.end();
    await (await this.#file)?.close();
    this.#file = undefined;
    this.#size = 0;
    await rm(this.#path, { force: true });
  }

  #open(): Promise<FileHandle> {
    this.#file ??= open(this.#path, 'w+', 0o600);
    return this.#file;
  }

  #grown(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
