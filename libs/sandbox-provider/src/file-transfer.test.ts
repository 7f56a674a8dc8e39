import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeProvider } from './fake/fake-provider.js';
import { download } from './file-transfer.js';
import type { Sandbox } from './sandbox.js';

describe('copying files', () => {
  let dir: string;
  let sandbox: Sandbox;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'transfer-'));
    sandbox = await (await createFakeProvider().connect({})).create({ image: 'fake' });
    await sandbox.fs.mkdir('/data');
  });
  afterEach(async () => {
    await sandbox.destroy();
    rmSync(dir, { recursive: true });
  });

  function sample(): string {
    const root = join(dir, 'project');
    if (existsSync(root)) return root;
    mkdirSync(join(root, 'sub'), { recursive: true });
    writeFileSync(join(root, 'run.sh'), '#!/bin/sh\n');
    chmodSync(join(root, 'run.sh'), 0o755);
    writeFileSync(join(root, 'sub', 'größe'), 'ü');
    symlinkSync('run.sh', join(root, 'link'));
    return root;
  }

  it('puts a directory into one that exists, and in the place of one that does not', async () => {
    await sandbox.fs.upload(sample(), '/data');
    expect((await sandbox.fs.list('/data/project')).map(({ name, type }) => [name, type])).toEqual([
      ['link', 'symlink'],
      ['run.sh', 'file'],
      ['sub', 'directory'],
    ]);
    expect((await sandbox.fs.stat('/data/project/run.sh'))?.mode).toBe(0o755);
    await sandbox.fs.upload(sample(), '/data/renamed');
    expect(await sandbox.fs.readText('/data/renamed/sub/größe')).toBe('ü');
  });

  it('refuses a place whose directory does not exist, and a source that is not there', async () => {
    await expect(sandbox.fs.upload(sample(), '/nowhere/else')).rejects.toMatchObject({
      code: 'FileNotFound',
    });
    await expect(sandbox.fs.upload(join(dir, 'missing'), '/data')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('brings back what went in: modes, symlinks and names', async () => {
    await sandbox.fs.upload(sample(), '/data');
    expect(await sandbox.fs.download('/data/project', join(dir, 'back'))).toEqual({ skippedLinks: [] });
    expect(readFileSync(join(dir, 'back/sub/größe'), 'utf8')).toBe('ü');
    expect(statSync(join(dir, 'back/run.sh')).mode & 0o777).toBe(0o755);
    expect(lstatSync(join(dir, 'back/link')).isSymbolicLink()).toBe(true);
    mkdirSync(join(dir, 'into'));
    await sandbox.fs.download('/data/project/run.sh', join(dir, 'into'));
    expect(readFileSync(join(dir, 'into/run.sh'), 'utf8')).toBe('#!/bin/sh\n');
  });

  it('does not follow what an agent prepared: links out of the copy, set-user-id bits, paths upwards', async () => {
    const secret = join(dir, 'secret');
    writeFileSync(secret, 'untouched');
    const archive = pack();
    archive.entry({ name: 'evil', type: 'directory' });
    archive.entry({ name: 'evil/absolute', type: 'symlink', linkname: secret });
    archive.entry({ name: 'evil/upwards', type: 'symlink', linkname: '../../secret' });
    archive.entry({ name: 'evil/absolute' }, 'written through the link');
    archive.entry({ name: 'evil/../../secret' }, 'written upwards');
    archive.entry({ name: 'evil/tool', mode: 0o4755 }, 'x');
    archive.finalize();
    const copy = join(dir, 'copies', 'here');
    mkdirSync(join(dir, 'copies'));
    const driver = { getArchive: async () => Readable.from(archive, { objectMode: false }) };
    const { skippedLinks } = await download(driver as never, '/evil', copy);
    expect(skippedLinks).toEqual([join(copy, 'absolute'), join(copy, 'upwards')]);
    expect(readFileSync(secret, 'utf8')).toBe('untouched');
    expect(existsSync(join(copy, 'upwards'))).toBe(false);
    expect(statSync(join(copy, 'tool')).mode & 0o7777).toBe(0o755);
  });
});
