import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../test/test-manager.js';
import { RotatingFile } from './rotating-file.js';

function open(path: string, options: Partial<{ maxBytes: number; keep: number }> = {}) {
  const trouble: string[] = [];
  const file = new RotatingFile({
    path,
    maxBytes: 1000,
    keep: 3,
    notice: (text) => `! ${text}\n`,
    onTrouble: (message) => trouble.push(message),
    ...options,
  });
  return { file, trouble };
}

const canMount = process.getuid?.() === 0;

describe('RotatingFile', () => {
  it('rotates between lines, keeps the order and so many files', () => {
    using dir = tempDir();
    const path = join(dir.path, 'x.log');
    const { file } = open(path, { keep: 50 });
    const lines = Array.from({ length: 500 }, (_, i) => `line ${i} ${'.'.repeat(i % 37)}\n`);
    for (let i = 0; i < lines.length; i += 7) file.write(Buffer.from(lines.slice(i, i + 7).join('')));
    file.close();
    const count = readdirSync(dir.path).length;
    expect(count).toBeGreaterThan(10);
    const files = Array.from({ length: count - 1 }, (_, i) => `${path}.${count - 1 - i}`).concat(path);
    const contents = files.map((name) => readFileSync(name, 'utf8'));
    for (const content of contents) {
      expect(content.length).toBeLessThanOrEqual(1000);
      expect(content.endsWith('\n')).toBe(true);
    }
    expect(contents.join('')).toBe(lines.join(''));
  });

  it('drops the oldest file beyond keep, and starts over with keep 0', () => {
    using dir = tempDir();
    const kept = open(join(dir.path, 'kept'), { keep: 2 }).file;
    const none = open(join(dir.path, 'none'), { keep: 0 }).file;
    for (let i = 0; i < 100; i++) {
      kept.write(Buffer.from(`${'x'.repeat(99)}\n`));
      none.write(Buffer.from(`${'x'.repeat(99)}\n`));
    }
    kept.close();
    none.close();
    expect(readdirSync(dir.path).sort()).toEqual(['kept', 'kept.1', 'kept.2', 'none']);
  });

  it('writes a line longer than the file may be in whole', () => {
    using dir = tempDir();
    const path = join(dir.path, 'x.log');
    const { file } = open(path);
    const long = `${'y'.repeat(5000)}\n`;
    file.write(Buffer.from(`a\n${long}b\n`));
    file.close();
    expect(readFileSync(`${path}.1`, 'utf8')).toBe(long);
    expect(readFileSync(path, 'utf8')).toBe('b\n');
  });

  it('trap 8: a file emptied from outside goes on without a hole of NUL bytes', () => {
    using dir = tempDir();
    const path = join(dir.path, 'x.log');
    const { file } = open(path);
    file.write(Buffer.from('before\n'));
    truncateSync(path);
    file.write(Buffer.from('after\n'));
    file.close();
    expect(readFileSync(path, 'utf8')).toBe('after\n');
  });

  it('continues after the content of an earlier manager', () => {
    using dir = tempDir();
    const path = join(dir.path, 'x.log');
    writeFileSync(path, `${'o'.repeat(990)}\n`);
    const { file } = open(path);
    file.write(Buffer.from('0123456789\n'));
    file.close();
    expect(readFileSync(path, 'utf8')).toBe('0123456789\n');
    expect(existsSync(`${path}.1`)).toBe(true);
  });

  it.skipIf(!canMount)('a full disk drops whole lines, says so once, and tells in the file how much', () => {
    using dir = tempDir();
    const mount = join(dir.path, 'small');
    mkdirSync(mount);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', mount]);
    try {
      const path = join(mount, 'x.log');
      const { file, trouble } = open(path, { maxBytes: 1_000_000 });
      writeFileSync(join(mount, 'ballast'), Buffer.alloc(40_960));
      const line = `${'z'.repeat(98)}\n`;
      for (let i = 0; i < 1000; i++) file.write(Buffer.from(line));
      expect(trouble).toHaveLength(1);
      expect(trouble[0]).toContain('ENOSPC');
      expect(file.written + file.dropped).toBe(99_000);
      expect(file.dropped).toBeGreaterThan(50_000);
      // No torn line at the end.
      expect(readFileSync(path, 'utf8')).toBe(line.repeat(file.written / 99));
      const dropped = file.dropped;
      rmSync(join(mount, 'ballast'));
      file.write(Buffer.from('again\n'));
      expect(trouble).toHaveLength(2);
      expect(readFileSync(path, 'utf8')).toMatch(
        new RegExp(`! ${dropped} bytes of output are missing.*\nagain\n$`),
      );
      file.close();
    } finally {
      execFileSync('umount', [mount]);
    }
  });

  it('never throws when its directory cannot be made, and begins to write when it can', () => {
    using dir = tempDir();
    const blocker = join(dir.path, 'logs');
    writeFileSync(blocker, 'a file, not a directory');
    const { file, trouble } = open(join(blocker, 'x.log'));
    file.write(Buffer.from('lost\n'));
    expect(trouble).toHaveLength(1);
    rmSync(blocker);
    file.write(Buffer.from('kept\n'));
    file.close();
    expect(readFileSync(join(blocker, 'x.log'), 'utf8')).toMatch(/^! 5 bytes.*\nkept\n$/);
  });
});
