import { posix } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, pack } from 'tar-stream';
import type { ByteStream, DirectoryEntry, FileStat } from '../driver.js';
import { readableOf } from '../readable-of.js';
import { SandboxError } from '../sandbox-error.js';

/** One thing in a {@link FakeFileSystem}. */
type FakeNode = FileStat & { readonly content?: Uint8Array };

const ROOT: FakeNode = { type: 'directory', size: 0, mode: 0o755, modifiedAt: new Date(0) };

/** A file system in memory: what a fake sandbox has inside. Paths are absolute. */
export class FakeFileSystem {
  readonly #nodes = new Map<string, FakeNode>([['/', ROOT]]);

  /** A copy that shares nothing. */
  clone(): FakeFileSystem {
    const copy = new FakeFileSystem();
    for (const [path, node] of this.#nodes) copy.#nodes.set(path, node);
    return copy;
  }

  stat(path: string): FileStat | undefined {
    const node = this.#nodes.get(normal(path));
    if (node === undefined) return undefined;
    const { content: _, ...stat } = node;
    return stat;
  }

  /** Content of a file; symlinks are followed. @throws SandboxError `FileNotFound` */
  read(path: string): Uint8Array {
    const node = this.#nodes.get(normal(path));
    if (node?.type === 'symlink')
      return this.read(posix.resolve(posix.dirname(normal(path)), node.target ?? ''));
    if (node?.content === undefined) throw notFound(path);
    return node.content;
  }

  /** Writes a file in a directory that exists. @throws SandboxError `FileNotFound` */
  write(path: string, content: Uint8Array, mode = 0o644): void {
    this.#put(path, { type: 'file', size: content.byteLength, mode, modifiedAt: new Date(), content });
  }

  mkdir(path: string): void {
    const parts = normal(path).split('/').slice(1);
    let current = '';
    for (const part of parts) {
      current += `/${part}`;
      if (!this.#nodes.has(current)) this.#put(current, { ...ROOT, modifiedAt: new Date() });
    }
  }

  list(path: string): DirectoryEntry[] {
    const directory = normal(path);
    if (this.#nodes.get(directory)?.type !== 'directory') throw notFound(path);
    return this.#below(directory)
      .filter(([child]) => posix.dirname(child) === directory)
      .map(([child, { content: _, ...stat }]) => ({ name: posix.basename(child), ...stat }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  remove(path: string): void {
    const target = normal(path);
    for (const [child] of this.#below(target)) this.#nodes.delete(child);
    this.#nodes.delete(target);
  }

  rename(from: string, to: string): void {
    const source = normal(from);
    const target = normal(to);
    const node = this.#nodes.get(source);
    if (node === undefined) throw notFound(from);
    if (this.#nodes.has(target))
      throw new SandboxError('Conflict', `${to} exists already; remove it first.`, { subject: to });
    this.#put(target, node);
    for (const [child, inner] of this.#below(source))
      this.#nodes.set(target + child.slice(source.length), inner);
    this.remove(source);
  }

  async putArchive(tar: ByteStream, directory: string): Promise<void> {
    if (this.#nodes.get(normal(directory))?.type !== 'directory') throw notFound(directory);
    const entries = extract();
    pipeline(readableOf(tar), entries, () => undefined);
    for await (const entry of entries) {
      const { name, type, mode = 0o644, linkname, mtime } = entry.header;
      const path = posix.join(directory, name);
      const facts = { mode: mode & 0o777, modifiedAt: mtime ?? new Date() };
      const content = await buffer(entry);
      this.mkdir(posix.dirname(path));
      if (type === 'directory') this.#put(path, { ...facts, type, size: 0 });
      else if (type === 'symlink') this.#put(path, { ...facts, type, size: 0, target: linkname ?? '' });
      else this.#put(path, { ...facts, type: 'file', size: content.length, content });
    }
  }

  getArchive(path: string): ByteStream {
    const top = normal(path);
    const node = this.#nodes.get(top);
    if (node === undefined) throw notFound(path);
    const archive = pack();
    const parent = posix.dirname(top);
    for (const [child, { type, mode, modifiedAt, target, content }] of [
      [top, node] as const,
      ...this.#below(top),
    ]) {
      const name = posix.relative(parent, child) || '.';
      const header = { name, mode, mtime: modifiedAt };
      if (type === 'directory') archive.entry({ ...header, type, name: `${name}/` });
      else if (type === 'symlink') archive.entry({ ...header, type, linkname: target ?? '' });
      else archive.entry({ ...header, type: 'file' }, Buffer.from(content ?? []));
    }
    archive.finalize();
    return Readable.from(archive, { objectMode: false });
  }

  #put(path: string, node: FakeNode): void {
    const target = normal(path);
    if (this.#nodes.get(posix.dirname(target))?.type !== 'directory') throw notFound(posix.dirname(target));
    this.#nodes.set(target, node);
  }

  #below(path: string): Array<readonly [string, FakeNode]> {
    const prefix = path === '/' ? '/' : `${path}/`;
    return [...this.#nodes].filter(([child]) => child !== '/' && child.startsWith(prefix));
  }
}

function normal(path: string): string {
  return posix.resolve('/', path);
}

function notFound(path: string): SandboxError<'FileNotFound'> {
  return new SandboxError('FileNotFound', `There is nothing at ${path} in the sandbox.`, { path });
}
