import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** One stored object. */
export interface StoredObject {
  key: string;
  size: number;
  etag: string;
  modifiedAt: Date;
}

/** The objects of one bucket, kept in files. */
export class ObjectStore {
  readonly bucket = 'daytona-emulator';
  readonly region = 'us-east-1';
  /** What the push access hands out. */
  readonly credentials = {
    accessKey: `EMU${randomBytes(8).toString('hex').toUpperCase()}`,
    secret: randomBytes(20).toString('base64url'),
    sessionToken: randomBytes(32).toString('base64url'),
  };
  readonly #objects = new Map<string, StoredObject & { file: string }>();
  readonly #uploads = new Map<string, { key: string; parts: Map<number, { file: string; etag: string }> }>();
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  static async open(): Promise<ObjectStore> {
    return new ObjectStore(await mkdtemp(join(tmpdir(), 'daytona-emulator-objects-')));
  }

  /** @returns the entity tag */
  async put(key: string, body: Uint8Array): Promise<string> {
    const { file, etag } = await this.#write(body);
    this.#objects.set(key, { key, file, etag, size: body.length, modifiedAt: new Date() });
    return etag;
  }

  list(prefix: string, limit: number): StoredObject[] {
    return [...this.#objects.values()].filter(({ key }) => key.startsWith(prefix)).slice(0, limit);
  }

  has(key: string): boolean {
    return this.#objects.has(key);
  }

  /** The bytes of an object that exists. */
  read(key: string): Readable | undefined {
    const object = this.#objects.get(key);
    return object === undefined ? undefined : createReadStream(object.file);
  }

  startUpload(key: string): string {
    const id = randomUUID();
    this.#uploads.set(id, { key, parts: new Map() });
    return id;
  }

  /** @returns the entity tag of the part, or `undefined` when there is no such upload */
  async putPart(uploadId: string, part: number, body: Uint8Array): Promise<string | undefined> {
    const upload = this.#uploads.get(uploadId);
    if (upload === undefined) return undefined;
    const written = await this.#write(body);
    upload.parts.set(part, written);
    return written.etag;
  }

  /** Joins the parts. @returns the entity tag, or `undefined` when a part is missing or differs */
  async completeUpload(
    uploadId: string,
    parts: ReadonlyArray<{ number: number; etag: string }>,
  ): Promise<string | undefined> {
    const upload = this.#uploads.get(uploadId);
    if (upload === undefined || parts.length === 0) return undefined;
    const bodies: Buffer[] = [];
    for (const { number, etag } of parts) {
      const part = upload.parts.get(number);
      if (part === undefined || part.etag !== etag) return undefined;
      bodies.push(await readFile(part.file));
    }
    this.#uploads.delete(uploadId);
    return this.put(upload.key, Buffer.concat(bodies));
  }

  abortUpload(uploadId: string): boolean {
    return this.#uploads.delete(uploadId);
  }

  async close(): Promise<void> {
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #write(body: Uint8Array): Promise<{ file: string; etag: string }> {
    const file = join(this.#dir, randomUUID());
    await writeFile(file, body, { mode: 0o600 });
    return { file, etag: createHash('md5').update(body).digest('hex') };
  }
}
