import { appendFileSync, mkdirSync, readdirSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collect, tempDir } from '../../test/test-manager.js';
import type { LogLine } from '../protocol/info.js';
import { followLogs } from './follow-log.js';
import { LineHub } from './line-hub.js';
import { readLog } from './read-log.js';

const source = { name: 'x', kind: 'process' } as const;
const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const line = (second: number, text: string): string => `${at(second)} stdout F ${text}\n`;

/** The listing itself has a descriptor, too, which is closed by then. */
function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

describe('readLog', () => {
  it('goes through rotated files, oldest first', async () => {
    using dir = tempDir();
    const path = join(dir.path, 'x.log');
    writeFileSync(`${path}.2`, line(1, 'a') + line(2, 'b'));
    writeFileSync(`${path}.1`, line(3, 'c'));
    writeFileSync(path, line(4, 'd'));
    expect(await collect(readLog(path, source))).toEqual(['a', 'b', 'c', 'd']);
  });

  it.each([0, 1, 2, 3, 4, 5, 99])('the last %i lines, over the edge of files', async (tail) => {
    using dir = tempDir();
    const path = join(dir.path, 'x.log');
    writeFileSync(`${path}.1`, line(1, 'a') + line(2, 'b'));
    writeFileSync(path, line(3, 'c') + line(4, ''));
    expect(await collect(readLog(path, source, { tail }))).toEqual(
      ['a', 'b', 'c', ''].slice(tail === 0 ? 4 : -tail),
    );
  });

  it('finds the tail of a file many blocks long, and lines that cross blocks', async () => {
    using dir = tempDir();
    const path = join(dir.path, 'x.log');
    const texts = Array.from({ length: 20_000 }, (_, i) => `${i} ${'é'.repeat(i % 40)}`);
    writeFileSync(path, texts.map((text) => line(1, text)).join(''));
    expect(await collect(readLog(path, source, { tail: 5000 }))).toEqual(texts.slice(-5000));
    expect(await collect(readLog(path, source))).toEqual(texts);
  });

  it('since a time', async () => {
    using dir = tempDir();
    const path = join(dir.path, 'x.log');
    writeFileSync(path, line(1, 'a') + line(2, 'b') + line(3, 'c'));
    expect(await collect(readLog(path, source, { since: at(2) }))).toEqual(['b', 'c']);
    expect(await collect(readLog(path, source, { since: '2026-01-01T02:00:03+02:00' }))).toEqual(['c']);
  });

  it('has nothing to say of a log that does not exist', async () => {
    using dir = tempDir();
    expect(await collect(readLog(join(dir.path, 'none.log'), source, { tail: 5 }))).toEqual([]);
  });
});

describe('followLogs', () => {
  const liveLine = (text: string): LogLine => ({
    ...source,
    time: at(50),
    stream: 'stdout',
    partial: false,
    text,
  });

  it('merges several logs by time', async () => {
    using dir = tempDir();
    const sources = ['a', 'b'].map((name) => ({
      name,
      kind: 'process' as const,
      path: join(dir.path, name),
    }));
    writeFileSync(join(dir.path, 'a'), line(1, '1') + line(4, '4'));
    writeFileSync(join(dir.path, 'b'), line(2, '2') + line(3, '3') + line(5, '5'));
    const live = { hubs: [new LineHub()], names: null };
    expect(await collect(followLogs(sources, live))).toEqual(['1', '2', '3', '4', '5']);
  });

  it('neither loses nor repeats a line where the file ends and the live lines begin', async () => {
    using dir = tempDir();
    const path = join(dir.path, 'x');
    const hub = new LineHub();
    const log = (text: string): void => {
      appendFileSync(path, line(1, text));
      hub.publish(liveLine(text));
    };
    for (let i = 0; i < 100; i++) log(`old ${i}`);
    const stop = new AbortController();
    const texts: string[] = [];
    const reading = (async () => {
      const live = { hubs: [hub], names: null };
      for await (const { text } of followLogs([{ ...source, path }], live, {
        follow: true,
        signal: stop.signal,
      })) {
        texts.push(text);
        if (texts.length === 200) stop.abort();
      }
    })();
    for (let i = 0; i < 100; i++) {
      log(`new ${i}`);
      if (i === 50) {
        renameSync(path, `${path}.1`);
        await new Promise(setImmediate);
      }
    }
    await reading;
    expect(texts).toEqual([
      ...Array.from({ length: 100 }, (_, i) => `old ${i}`),
      ...Array.from({ length: 100 }, (_, i) => `new ${i}`),
    ]);
  });

  it('leaves no file open when one of the logs cannot be read', async () => {
    using dir = tempDir();
    writeFileSync(join(dir.path, 'good'), line(1, 'a'));
    mkdirSync(join(dir.path, 'bad'));
    const sources = ['good', 'bad'].map((name) => ({ ...source, path: join(dir.path, name) }));
    await expect(collect(followLogs(sources, { hubs: [], names: null }))).rejects.toMatchObject({
      code: 'EISDIR',
    });
    const open = readdirSync('/proc/self/fd').map((fd) => linkOf(`/proc/self/fd/${fd}`));
    expect(open.filter((path) => path?.startsWith(dir.path))).toEqual([]);
  });

  it('a reader too slow for the stream is told how many lines it missed', async () => {
    using dir = tempDir();
    const hub = new LineHub();
    const path = join(dir.path, 'none');
    const stop = new AbortController();
    const lines = followLogs(
      [{ ...source, path }],
      { hubs: [hub], names: null },
      { follow: true, signal: stop.signal },
    );
    const first = lines.next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (let i = 0; i < 25_000; i++) hub.publish(liveLine(String(i)));
    const texts = [(await first).value.text];
    for (let last = ''; last !== '24999'; texts.push(last)) last = (await lines.next()).value.text;
    stop.abort();
    const notices = texts.filter((text) => text.includes('lines skipped'));
    const skipped = notices.reduce((sum, text) => sum + Number(/(\d+) lines/.exec(text)?.[1]), 0);
    expect(notices.length).toBeGreaterThan(0);
    expect(texts.length - notices.length + skipped).toBe(25_000);
  });
});
