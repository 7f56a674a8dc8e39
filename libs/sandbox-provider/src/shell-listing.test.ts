import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIST_SCRIPT, parseListing, parseStat, STAT_SCRIPT } from './shell-listing.js';

// A userland without `find -printf` is made by a `find` that refuses it, in front of the real one.
describe.each([
  ['GNU find', false],
  ['stat only', true],
])('listing with %s', (_, withoutPrintf) => {
  let root: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'listing-'));
    mkdirSync(join(root, 'bin'));
    if (withoutPrintf) writeFileSync(join(root, 'bin/find'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    env = { ...process.env, PATH: `${join(root, 'bin')}:${process.env.PATH}` };
    const dir = join(root, 'dir');
    mkdirSync(join(dir, 'sub'), { recursive: true });
    writeFileSync(join(dir, 'a file'), 'hello');
    chmodSync(join(dir, 'a file'), 0o750);
    writeFileSync(join(dir, '.hidden'), '');
    writeFileSync(join(dir, 'new\nline'), 'x');
    symlinkSync('a file', join(dir, 'link'));
    symlinkSync('nowhere', join(dir, 'broken'));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  const run = (script: string, path: string) =>
    execFileSync('/bin/sh', ['-c', script, 'sh', join(root, path)], { env }).toString();

  it('reports type, size, mode and target of every name, whatever is in the name', () => {
    const entries = parseListing(run(LIST_SCRIPT, 'dir'));
    expect(entries.map(({ name, type, target }) => [name, type, target])).toEqual([
      ['.hidden', 'file', undefined],
      ['a file', 'file', undefined],
      ['broken', 'symlink', 'nowhere'],
      ['link', 'symlink', 'a file'],
      ['new\nline', 'file', undefined],
      ['sub', 'directory', undefined],
    ]);
    expect(entries[1]).toMatchObject({ size: 5, mode: 0o750 });
    expect(Math.abs(Date.now() - (entries[1]?.modifiedAt.getTime() ?? 0))).toBeLessThan(60_000);
  });

  it('reports an empty directory as empty', () => {
    expect(parseListing(run(LIST_SCRIPT, 'dir/sub'))).toEqual([]);
  });

  it('reports one path without following a symlink', () => {
    expect(parseStat(run(STAT_SCRIPT, 'dir/link'))).toMatchObject({ type: 'symlink', target: 'a file' });
    expect(parseStat(run(STAT_SCRIPT, 'dir'))).toMatchObject({ type: 'directory' });
  });

  it('exits with 44 when nothing is there', () => {
    for (const script of [LIST_SCRIPT, STAT_SCRIPT])
      expect(() => run(script, 'missing')).toThrow(expect.objectContaining({ status: 44 }));
  });
});
