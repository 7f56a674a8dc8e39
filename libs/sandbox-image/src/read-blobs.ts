import type { Git } from './git.js';
import { SandboxImageError } from './sandbox-image-error.js';

/** One blob; read `body` to its end before asking for the next. */
export interface Blob {
  objectId: string;
  /** Bytes. */
  size: number;
  body: AsyncIterable<Buffer>;
}

/** Streams blobs in the order asked for, through one git process and in flat memory. */
export async function* readBlobs(
  git: Git,
  objectIds: readonly string[],
): AsyncGenerator<Blob, void, undefined> {
  if (objectIds.length === 0) return;
  const subprocess = git.spawn(['cat-file', '--batch', '--buffer']);
  // The exit is judged below, after the output; until then its rejection must not go unhandled.
  const exit = subprocess.then(
    () => undefined,
    (error: unknown) => error,
  );
  const input = new ReadAhead(subprocess.stdout);
  subprocess.stdin.on('error', () => {
    // git ended early: the output ends early too, and that is reported with git's own words.
  });
  subprocess.stdin.end(objectIds.map((id) => `${id}\n`).join(''));
  try {
    for (const wanted of objectIds) {
      const header = await input.line();
      const match = /^([0-9a-f]+) blob (\d+)$/.exec(header ?? '');
      if (match?.[1] !== wanted) {
        throw new SandboxImageError(
          'GIT_FAILED',
          header === undefined
            ? 'git cat-file ended before all files were read.'
            : `git cat-file could not read ${wanted} (${header}): run git fsck, or git fetch in a partial clone.`,
          { details: { objectId: wanted }, cause: header === undefined ? await exit : undefined },
        );
      }
      const size = Number(match[2]);
      yield { objectId: wanted, size, body: input.take(size) };
      await input.skip(1);
    }
  } finally {
    // The process counts as ended only when its output is read to the end or given up.
    await input.close();
    subprocess.kill();
    await exit;
  }
}

/** Cuts a byte stream into lines and counted pieces without copying more than a piece that spans two chunks. */
class ReadAhead {
  readonly #source: AsyncIterator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async line(): Promise<string | undefined> {
    let end = this.#chunk.indexOf(10);
    while (end === -1) {
      if (!(await this.#more())) return undefined;
      end = this.#chunk.indexOf(10);
    }
    const line = this.#chunk.toString('utf8', 0, end);
    this.#chunk = this.#chunk.subarray(end + 1);
    return line;
  }

  async *take(size: number): AsyncGenerator<Buffer, void, undefined> {
    let left = size;
    while (left > 0) {
      if (this.#chunk.length === 0 && !(await this.#more())) {
        throw new SandboxImageError('GIT_FAILED', 'git cat-file ended in the middle of a file.');
      }
      const piece = this.#chunk.subarray(0, left);
      this.#chunk = this.#chunk.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async skip(size: number): Promise<void> {
    for await (const _ of this.take(size));
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #more(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done) return false;
    this.#chunk = this.#chunk.length === 0 ? next.value : Buffer.concat([this.#chunk, next.value]);
    return true;
  }
}
