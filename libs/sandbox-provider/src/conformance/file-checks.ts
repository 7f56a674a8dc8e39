import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, type Header, pack } from 'tar-stream';
import type { ByteStream } from '../driver.js';
import { rejectsWith } from './rejects-with.js';
import type { ConformanceCheck } from './target.js';

const LONG_NAME = `${'deep/'.repeat(30)}${'n'.repeat(90)}`;

/** Files in and out. */
export const fileChecks: ConformanceCheck[] = [
  {
    name: 'a file is read as it was written, in directories that are made on the way',
    async run({ shared }) {
      const path = `/tmp/${randomUUID()}/a/b.bin`;
      const content = Buffer.from(Array.from({ length: 70_000 }, (_, at) => at % 256));
      await shared.fs.write(path, content, { mode: 0o750 });
      assert.deepEqual(Buffer.from(await shared.fs.read(path)), content);
      const stat = await shared.fs.stat(path);
      assert.equal(stat?.type, 'file');
      assert.equal(stat?.size, 70_000);
      assert.equal(stat?.mode, 0o750);
      await shared.fs.write(path, 'shorter');
      assert.equal(await shared.fs.readText(path), 'shorter');
    },
  },
  {
    name: 'a missing file is FileNotFound, and does not exist',
    async run({ shared }) {
      const path = `/tmp/${randomUUID()}`;
      await rejectsWith(shared.fs.read(path), 'FileNotFound', { path });
      await rejectsWith(shared.fs.list(path), 'FileNotFound', { path });
      await rejectsWith(shared.fs.getArchive(path), 'FileNotFound', { path });
      assert.equal(await shared.fs.stat(path), undefined);
      assert.equal(await shared.fs.exists(path), false);
      assert.equal(await shared.fs.exists('/tmp'), true);
    },
  },
  {
    name: 'list names what is in a directory, with types, sizes and modes',
    async run({ shared }) {
      const root = `/tmp/${randomUUID()}`;
      await shared.fs.write(`${root}/file`, '12345', { mode: 0o600 });
      await shared.fs.write(`${root}/.hidden ü`, '');
      await shared.fs.mkdir(`${root}/sub/sub`);
      assert.deepEqual(
        (await shared.fs.list(root)).map(({ name, type }) => [name, type]),
        [
          ['.hidden ü', 'file'],
          ['file', 'file'],
          ['sub', 'directory'],
        ],
      );
      const [, file] = await shared.fs.list(root);
      assert.equal(file?.size, 5);
      assert.equal(file?.mode, 0o600);
      assert.deepEqual(await shared.fs.list(`${root}/sub/sub`), []);
    },
  },
  {
    name: 'mkdir, rename and remove do what they say, and mkdir and remove do it twice',
    async run({ shared }) {
      const root = `/tmp/${randomUUID()}`;
      await shared.fs.mkdir(`${root}/from`);
      await shared.fs.mkdir(`${root}/from`);
      await shared.fs.write(`${root}/from/file`, 'x');
      await shared.fs.rename(`${root}/from`, `${root}/to`);
      assert.equal(await shared.fs.readText(`${root}/to/file`), 'x');
      assert.equal(await shared.fs.exists(`${root}/from`), false);
      await rejectsWith(shared.fs.rename(`${root}/from`, `${root}/other`), 'FileNotFound');
      await shared.fs.mkdir(`${root}/from`);
      await rejectsWith(shared.fs.rename(`${root}/from`, `${root}/to`), 'Conflict');
      await shared.fs.remove(root);
      await shared.fs.remove(root);
      assert.equal(await shared.fs.exists(root), false);
    },
  },
  {
    name: 'an archive goes in and comes out: modes, symlinks, empty directories, long and foreign names',
    async run({ shared }) {
      const root = `/tmp/${randomUUID()}`;
      await shared.fs.mkdir(root);
      await shared.fs.putArchive(sampleArchive(), root);
      const entries = await readArchive(await shared.fs.getArchive(`${root}/top`));
      const facts = ({ header, content }: Entry) => ({
        type: header.type,
        content: content.toString(),
        link: header.linkname ?? null,
      });
      assert.deepEqual(facts(found(entries, 'top/run.sh')), {
        type: 'file',
        content: '#!/bin/sh\n',
        link: null,
      });
      assert.equal((found(entries, 'top/run.sh').header.mode ?? 0) & 0o777, 0o755);
      assert.deepEqual(facts(found(entries, 'top/link')), { type: 'symlink', content: '', link: 'run.sh' });
      assert.equal(found(entries, 'top/empty').header.type, 'directory');
      assert.equal(found(entries, 'top/größe 文字').content.toString(), 'ü');
      assert.equal(found(entries, `top/${LONG_NAME}`).content.toString(), 'deep');
      assert.equal(await shared.fs.readText(`${root}/top/link`), '#!/bin/sh\n');
    },
  },
  {
    name: 'an archive cannot be put where no directory is',
    async run({ shared }) {
      await rejectsWith(shared.fs.putArchive(sampleArchive(), `/tmp/${randomUUID()}/none`), 'FileNotFound');
    },
  },
  {
    name: 'what is written belongs to the user that commands run as',
    async run({ shared, commands }) {
      const path = `/tmp/${randomUUID()}`;
      await shared.fs.write(path, 'mine', { mode: 0o600 });
      const { exitCode, stderr } = await shared.exec([...commands.cat, path]);
      assert.equal(exitCode, 0, stderr);
    },
  },
];

interface Entry {
  readonly header: Header;
  readonly content: Buffer;
}

function sampleArchive(): ByteStream {
  const archive = pack();
  archive.entry({ name: 'top', type: 'directory', mode: 0o755 });
  archive.entry({ name: 'top/run.sh', mode: 0o755 }, '#!/bin/sh\n');
  archive.entry({ name: 'top/link', type: 'symlink', linkname: 'run.sh' });
  archive.entry({ name: 'top/empty', type: 'directory', mode: 0o700 });
  archive.entry({ name: 'top/größe 文字' }, 'ü');
  archive.entry({ name: `top/${LONG_NAME}` }, 'deep');
  archive.finalize();
  return Readable.from(archive, { objectMode: false });
}

async function readArchive(tar: ByteStream): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  const reader = extract();
  pipeline(Readable.from(tar, { objectMode: false }), reader, () => undefined);
  for await (const entry of reader)
    entries.set(entry.header.name.replace(/\/$/, ''), { header: entry.header, content: await buffer(entry) });
  return entries;
}

function found(entries: ReadonlyMap<string, Entry>, name: string): Entry {
  const entry = entries.get(name);
  assert.ok(entry !== undefined, `the archive has no ${name}, but ${[...entries.keys()].join(', ')}`);
  return entry;
}
