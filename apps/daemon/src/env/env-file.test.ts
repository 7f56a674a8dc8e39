import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'dotenv';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EnvFile } from './env-file.js';

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'env-file-'));
  file = join(directory, '.env');
});

afterEach(() => rm(directory, { recursive: true, force: true }));

describe('EnvFile', () => {
  it('creates the file and its directory, readable by the owner only', async () => {
    const nested = join(directory, 'new', '.env');
    const result = await new EnvFile(nested).update({ set: { A: '1' }, remove: ['B'] });
    expect(result).toEqual({ added: ['A'], changed: [], removed: [], unchanged: ['B'] });
    expect(await readFile(nested, 'utf8')).toBe('A=1\n');
    expect((await stat(nested)).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'new'))).mode & 0o777).toBe(0o700);
  });

  it('tells added, changed, removed and unchanged keys apart', async () => {
    await writeFile(file, '# keys\nA=1\nB=2\nC=3\n', { mode: 0o644 });
    const result = await new EnvFile(file).update({ set: { A: '1', B: 'x y', D: '4' }, remove: ['C', 'E'] });
    expect(result).toEqual({ added: ['D'], changed: ['B'], removed: ['C'], unchanged: ['A', 'E'] });
    expect(await readFile(file, 'utf8')).toBe("# keys\nA=1\nB='x y'\nD=4\n");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['.env']);
  });

  it('does not touch the file when nothing changes', async () => {
    await writeFile(file, 'A=1\n');
    await utimes(file, 1, 1);
    const before = await stat(file);
    await new EnvFile(file).update({ set: { A: '1' }, remove: ['B'] });
    const after = await stat(file);
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  it('lists names, sorted, and none for a missing file', async () => {
    const envFile = new EnvFile(file);
    expect(await envFile.keys()).toEqual([]);
    await writeFile(file, 'B=2\nexport A=1\n');
    expect(await envFile.keys()).toEqual(['A', 'B']);
  });

  it('replaces what a symlink points to and keeps the link', async () => {
    const real = join(directory, 'real.env');
    await writeFile(real, 'A=1\n');
    await symlink(real, file);
    await new EnvFile(file).update({ set: { B: '2' }, remove: [] });
    expect(await readFile(real, 'utf8')).toBe('A=1\nB=2\n');
    expect((await stat(file)).ino).toBe((await stat(real)).ino);
  });

  it('loses no key of writers in several processes', async () => {
    const fixture = fileURLToPath(new URL('../../test/fixtures/write-keys.ts', import.meta.url));
    const run = promisify(execFile);
    await Promise.all(
      ['A', 'B', 'C', 'D'].map((prefix) =>
        run(process.execPath, [
          '--conditions=@iterate/source',
          '--import',
          'tsx',
          fixture,
          file,
          prefix,
          '8',
        ]),
      ),
    );
    const values = parse(await readFile(file));
    expect(Object.keys(values)).toHaveLength(32);
    expect(values.D_7).toBe('value 7');
    expect(await readdir(directory)).toEqual(['.env']);
  });

  it('never shows a reader half of it', async () => {
    const value = 'x'.repeat(60_000);
    await writeFile(file, `KEEP=${value}\n`);
    const envFile = new EnvFile(file);
    let writing = true;
    const writer = (async () => {
      for (let round = 0; round < 40; round++)
        await envFile.update({ set: { ROUND: `${round}` }, remove: [] });
      writing = false;
    })();
    let reads = 0;
    while (writing) {
      const values = parse(await readFile(file));
      expect(values.KEEP?.length).toBe(value.length);
      reads++;
    }
    await writer;
    expect(reads).toBeGreaterThan(10);
  });

  it('gives up with a reason when another writer keeps the lock', async () => {
    await mkdir(`${file}.lock`);
    await expect(
      new EnvFile(file, { waitMs: 100 }).update({ set: { A: '1' }, remove: [] }),
    ).rejects.toMatchObject({
      code: 'env-file-locked',
    });
    expect(await readdir(directory)).toEqual(['.env.lock']);
  });

  it('takes over what a killed writer left behind: its lock and its half-written file', async () => {
    await mkdir(`${file}.lock`);
    await utimes(`${file}.lock`, 1, 1);
    await writeFile(`${file}.tmp-0123`, 'A=secr');
    await new EnvFile(file).update({ set: { A: '1' }, remove: [] });
    expect(await readdir(directory)).toEqual(['.env']);
  });

  it('refuses to change a file that is not valid, with the place, and writes nothing', async () => {
    const text = "A=1\nB='open\nC=2\n";
    await writeFile(file, text);
    const envFile = new EnvFile(file);
    const invalid = {
      code: 'env-file-invalid',
      details: { problem: 'unterminated-quote', line: 2, column: 3 },
      message: expect.not.stringContaining('open'),
    };
    await expect(envFile.update({ set: { D: '#x' }, remove: [] })).rejects.toMatchObject(invalid);
    await expect(envFile.keys()).rejects.toMatchObject(invalid);
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it('refuses to grow the file beyond its limit', async () => {
    await writeFile(file, `A=${'x'.repeat(1024 * 1024 - 60_000)}\n`);
    await expect(
      new EnvFile(file).update({ set: { B: 'y'.repeat(64_000) }, remove: [] }),
    ).rejects.toMatchObject({
      code: 'env-file-invalid',
      details: { problem: 'too-large' },
    });
    expect(await new EnvFile(file).keys()).toEqual(['A']);
  });

  it('refuses a file that is not UTF-8 rather than damage it', async () => {
    const bytes = Buffer.from([0x41, 0x3d, 0xff, 0x0a]);
    await writeFile(file, bytes);
    await expect(new EnvFile(file).update({ set: { B: '1' }, remove: [] })).rejects.toMatchObject({
      code: 'env-file-invalid',
      details: { problem: 'not-utf8' },
    });
    expect(await readFile(file)).toEqual(bytes);
  });

  it('says why a path cannot be used', async () => {
    await mkdir(file);
    await expect(new EnvFile(file).keys()).rejects.toMatchObject({
      code: 'env-file-inaccessible',
      details: { errno: 'EISDIR' },
    });
  });

  it('works on after a failed change', async () => {
    const envFile = new EnvFile(file);
    const failed = envFile.update({ set: { A: `'"\`\n` }, remove: [] });
    const next = envFile.update({ set: { B: '1' }, remove: [] });
    await expect(failed).rejects.toMatchObject({ code: 'env-value-unrepresentable' });
    await expect(next).resolves.toMatchObject({ added: ['B'] });
  });
});
