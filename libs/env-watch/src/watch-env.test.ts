import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { EnvDir } from '../test/env-dir.js';
import { RecordedWatch, SECOND_LOOK_MS, SETTLE_MS } from '../test/recorded-watch.js';
import { EnvWatchError } from './env-watch-error.js';
import { watchEnv } from './watch-env.js';

/** A second look late enough that a busy machine cannot take a pause in a write for its end. */
const PATIENT = { secondLookMs: 1_000 };

describe('how a file can change', () => {
  it('sees in-place writes and renames, again and again', async () => {
    using dir = new EnvDir();
    dir.write('A=0\n');
    await using watch = await RecordedWatch.start(dir.file);
    expect(watch.watcher.values).toEqual({ A: '0' });
    const ways = [dir.write, dir.rename, dir.rename, dir.write, dir.rename];
    for (const [index, way] of ways.entries()) {
      way.call(dir, `A=${index + 1}\n`);
      const change = await watch.untilChanges(index + 1);
      expect(change).toEqual({ added: [], changed: ['A'], removed: [], values: { A: `${index + 1}` } });
      expect(watch.watcher.values).toEqual(change.values);
    }
  });

  it('names added, changed and removed keys', async () => {
    using dir = new EnvDir();
    dir.write('KEEP=1\nCHANGE=1\nDROP=1\n');
    await using watch = await RecordedWatch.start(dir.file);
    dir.rename('KEEP=1\nCHANGE=2\nNEW=1\n');
    expect(await watch.untilChanges(1)).toEqual({
      added: ['NEW'],
      changed: ['CHANGE'],
      removed: ['DROP'],
      values: { KEEP: '1', CHANGE: '2', NEW: '1' },
    });
  });

  it('sees a file deleted and made again', async () => {
    using dir = new EnvDir();
    dir.write('A=1\n');
    await using watch = await RecordedWatch.start(dir.file);
    rmSync(dir.file);
    expect(await watch.untilChanges(1)).toMatchObject({ removed: ['A'], values: {} });
    dir.write('B=1\n');
    expect(await watch.untilChanges(2)).toMatchObject({ added: ['B'], values: { B: '1' } });
    dir.write('B=2\n');
    expect(await watch.untilChanges(3)).toMatchObject({ changed: ['B'] });
  });

  it('sees a directory that appears later, goes, comes again and is moved', async () => {
    using dir = new EnvDir();
    const file = dir.at('a', 'b', '.env');
    await using watch = await RecordedWatch.start(file);
    expect(watch.watcher.values).toEqual({});
    mkdirSync(dir.at('a', 'b'), { recursive: true });
    dir.write('A=1\n', file);
    expect(await watch.untilChanges(1)).toMatchObject({ added: ['A'] });
    rmSync(dir.at('a'), { recursive: true });
    expect(await watch.untilChanges(2)).toMatchObject({ removed: ['A'] });
    mkdirSync(dir.at('a', 'b'), { recursive: true });
    await watch.quiet();
    dir.write('A=2\n', file);
    expect(await watch.untilChanges(3)).toMatchObject({ added: ['A'], values: { A: '2' } });
    renameSync(dir.at('a', 'b'), dir.at('a', 'c'));
    expect(await watch.untilChanges(4)).toMatchObject({ removed: ['A'] });
    dir.write('A=3\n', dir.at('a', 'c', '.env'));
    renameSync(dir.at('a', 'c'), dir.at('a', 'b'));
    expect(await watch.untilChanges(5)).toMatchObject({ added: ['A'], values: { A: '3' } });
    dir.rename('A=4\n', file);
    expect(await watch.untilChanges(6)).toMatchObject({ changed: ['A'] });
  });

  it('sees every swap of a Kubernetes volume, and a write behind it', async () => {
    using dir = new EnvDir();
    for (const version of ['1', '2', '3']) {
      mkdirSync(dir.at(`..v${version}`));
      dir.write(`A=${version}\n`, dir.at(`..v${version}`, '.env'));
    }
    symlinkSync('..v1', dir.at('..data'));
    symlinkSync('..data/.env', dir.file);
    await using watch = await RecordedWatch.start(dir.file);
    for (const [index, version] of ['2', '3', '1', '2'].entries()) {
      dir.swapLink(dir.at('..data'), `..v${version}`);
      expect(await watch.untilChanges(index + 1)).toMatchObject({ values: { A: version } });
    }
    dir.write('A=behind\n', dir.at('..v2', '.env'));
    expect(await watch.untilChanges(5)).toMatchObject({ values: { A: 'behind' } });
  });

  it('sees changes behind a link to another directory, and a link that is replaced', async () => {
    using dir = new EnvDir();
    mkdirSync(dir.at('real'));
    dir.write('A=1\n', dir.at('real', 'x'));
    dir.write('A=4\n', dir.at('real', 'y'));
    symlinkSync('real/x', dir.file);
    await using watch = await RecordedWatch.start(dir.file);
    dir.write('A=2\n', dir.at('real', 'x'));
    await watch.untilChanges(1);
    dir.rename('A=3\n', dir.at('real', 'x'));
    await watch.untilChanges(2);
    rmSync(dir.file);
    symlinkSync('real/y', dir.file);
    expect(await watch.untilChanges(3)).toMatchObject({ values: { A: '4' } });
    dir.rename('A=5\n', dir.at('real', 'y'));
    expect(await watch.untilChanges(4)).toMatchObject({ values: { A: '5' } });
  });

  it('sees the target of a dangling link appear', async () => {
    using dir = new EnvDir();
    symlinkSync('later/.env', dir.file);
    await using watch = await RecordedWatch.start(dir.file);
    mkdirSync(dir.at('later'));
    dir.write('A=1\n', dir.at('later', '.env'));
    expect(await watch.untilChanges(1)).toMatchObject({ added: ['A'] });
  });
});

describe('writes in progress', () => {
  it('reports a slow writer once, when it has finished', async () => {
    using dir = new EnvDir();
    dir.write('A=1\n');
    await using watch = await RecordedWatch.start(dir.file, { settleMs: 250 });
    const fd = openSync(dir.file, 'w');
    for (const part of ['A=2\n', 'B=2\n', 'C=', '2', '\n']) {
      await sleep(5);
      writeSync(fd, part);
    }
    closeSync(fd);
    await watch.untilChanges(1);
    await sleep(300);
    expect(watch.changes.map(({ values }) => values)).toEqual([{ A: '2', B: '2', C: '2' }]);
    expect(watch.errors).toEqual([]);
  });

  it('waits through a pause after truncating', async () => {
    using dir = new EnvDir();
    dir.write('A=1\nB=1\n');
    await using watch = await RecordedWatch.start(dir.file, PATIENT);
    truncateSync(dir.file, 0);
    await sleep(2 * SETTLE_MS);
    dir.write('A=1\nB=2\n');
    expect(await watch.untilChanges(1)).toMatchObject({ changed: ['B'], removed: [] });
  });

  it('waits through a pause between deleting and writing', async () => {
    using dir = new EnvDir();
    dir.write('A=1\nB=1\n');
    await using watch = await RecordedWatch.start(dir.file, PATIENT);
    rmSync(dir.file);
    await sleep(2 * SETTLE_MS);
    dir.write('A=1\nB=2\n');
    expect(await watch.untilChanges(1)).toMatchObject({ changed: ['B'], removed: [] });
  });

  it.each([
    ['that stops in the middle of a line', 'A=1\nB=long\nC=1\n', 'A=2\nB=lo'],
    ['that stops after a line of the old content', 'A=1\nB=long\nC=1\n', 'A=1\n'],
    ['that stops inside quotes', 'A=1\nB="long"\nC=1\n', 'A=1\nB="lo'],
  ])('waits through a pause %s', async (_, before, part) => {
    using dir = new EnvDir();
    dir.write(before);
    await using watch = await RecordedWatch.start(dir.file, PATIENT);
    const fd = openSync(dir.file, 'r+');
    ftruncateSync(fd, 0);
    writeSync(fd, part);
    await sleep(2 * SETTLE_MS);
    const rest = before.slice(part.length).replace('C=1', 'C=2');
    writeSync(fd, rest);
    closeSync(fd);
    const change = await watch.untilChanges(1);
    expect(change.changed).toContain('C');
    await watch.quiet();
    expect(watch.changes).toHaveLength(1);
    expect(watch.errors).toEqual([]);
  });

  it.each<[string, (dir: EnvDir) => void]>([
    ['an empty file renamed into place', (dir) => dir.rename('')],
    ['invalid content', (dir) => dir.write('A=2\nB\n')],
  ])('waits through a pause after %s', async (_, interrupt) => {
    using dir = new EnvDir();
    dir.write('A=1\nB=1\n');
    await using watch = await RecordedWatch.start(dir.file, PATIENT);
    interrupt(dir);
    await sleep(3 * SETTLE_MS);
    dir.write('A=1\nB=2\n');
    expect(await watch.untilChanges(1)).toMatchObject({ changed: ['B'], removed: [] });
    expect(watch.errors).toEqual([]);
  });

  it('does not take another event for the second look', async () => {
    using dir = new EnvDir();
    dir.write('A=1\nB=1\n');
    await using watch = await RecordedWatch.start(dir.file, PATIENT);
    truncateSync(dir.file, 0);
    await sleep(3 * SETTLE_MS);
    utimesSync(dir.file, new Date(), new Date());
    await sleep(3 * SETTLE_MS);
    dir.write('A=1\nB=2\n');
    expect(await watch.untilChanges(1)).toMatchObject({ changed: ['B'], removed: [] });
  });

  it('needs no second look at a file that is renamed into place', async () => {
    using dir = new EnvDir();
    dir.write('A=1\nB=1\n');
    await using watch = await RecordedWatch.start(dir.file, { secondLookMs: 3_600_000 });
    dir.rename('A=1');
    expect(await watch.untilChanges(1)).toMatchObject({ removed: ['B'], values: { A: '1' } });
  });

  it('believes an emptied file after the second look', async () => {
    using dir = new EnvDir();
    dir.write('A=1\n');
    await using watch = await RecordedWatch.start(dir.file);
    const before = performance.now();
    truncateSync(dir.file, 0);
    expect(await watch.untilChanges(1)).toMatchObject({ removed: ['A'], values: {} });
    expect(performance.now() - before).toBeGreaterThanOrEqual(SETTLE_MS + SECOND_LOOK_MS - 2);
  });

  it('believes a last line removed in place after the second look', async () => {
    using dir = new EnvDir();
    dir.write('A=1\nB=1\n');
    await using watch = await RecordedWatch.start(dir.file);
    dir.write('A=1\n');
    expect(await watch.untilChanges(1)).toMatchObject({ removed: ['B'], values: { A: '1' } });
  });
});

describe('no news', () => {
  it('emits nothing for the same content, a touch, a chmod or a neighbour', async () => {
    using dir = new EnvDir();
    dir.write('A=1\n');
    await using watch = await RecordedWatch.start(dir.file);
    dir.write('A=1\n');
    await watch.quiet();
    dir.rename('A=1\n');
    utimesSync(dir.file, new Date(), new Date());
    chmodSync(dir.file, 0o600);
    dir.write('A=other\n', dir.at('.env.local'));
    await watch.quiet();
    expect(watch.changes).toEqual([]);
    dir.rename('A=2\n');
    await watch.untilChanges(1);
  });

  it('emits nothing when only comments or the order change', async () => {
    using dir = new EnvDir();
    dir.write('A=1\nB=2\n');
    await using watch = await RecordedWatch.start(dir.file);
    dir.rename('# comment\nB=2\nA=1\n');
    await watch.quiet();
    expect(watch.changes).toEqual([]);
  });

  it('folds a burst of renames into the last one', async () => {
    using dir = new EnvDir();
    await using watch = await RecordedWatch.start(dir.file);
    for (let index = 0; index < 200; index += 1) dir.rename(`A=${index}\n`);
    expect(await watch.untilChanges(1)).toMatchObject({ added: ['A'], values: { A: '199' } });
    await watch.quiet();
    expect(watch.changes).toHaveLength(1);
  });
});

describe('several files', () => {
  it('merges in order, and shows what a later file hid when it goes', async () => {
    using dir = new EnvDir();
    const local = dir.at('.env.local');
    dir.write('A=base\nB=base\n');
    dir.write('B=local\n', local);
    await using watch = await RecordedWatch.start([dir.file, local]);
    expect(watch.watcher.values).toEqual({ A: 'base', B: 'local' });
    dir.rename('A=base2\nB=base2\n');
    expect(await watch.untilChanges(1)).toMatchObject({ changed: ['A'], values: { A: 'base2', B: 'local' } });
    rmSync(local);
    expect(await watch.untilChanges(2)).toMatchObject({
      changed: ['B'],
      removed: [],
      values: { B: 'base2' },
    });
  });

  it('keeps the last good values of an invalid file while another changes', async () => {
    using dir = new EnvDir();
    const local = dir.at('.env.local');
    dir.write('A=1\n');
    dir.write('B=1\n', local);
    await using watch = await RecordedWatch.start([dir.file, local]);
    dir.rename('oops\n');
    await watch.untilErrors(1);
    dir.rename('B=2\n', local);
    expect(await watch.untilChanges(1)).toMatchObject({ values: { A: '1', B: '2' } });
  });
});

describe('errors', () => {
  it('keeps the last good values and names line and column, once', async () => {
    using dir = new EnvDir();
    dir.write('A=1\n');
    await using watch = await RecordedWatch.start(dir.file);
    dir.write('A=2\nB="hunter2\n');
    const error = await watch.untilErrors(1);
    expect(error).toBeInstanceOf(EnvWatchError);
    expect(error.code).toBe('invalid-content');
    expect(error.details).toEqual({ file: dir.file, line: 2, column: 3, problem: 'unterminated-quote' });
    expect(JSON.stringify(error) + error.stack).not.toContain('hunter2');
    utimesSync(dir.file, new Date(), new Date());
    await watch.quiet();
    expect(watch.errors).toHaveLength(1);
    expect(watch.changes).toEqual([]);
    expect(watch.watcher.values).toEqual({ A: '1' });
    dir.write('A=3\n');
    expect(await watch.untilChanges(1)).toMatchObject({ values: { A: '3' } });
  });

  it('reports a file that is invalid from the start, and recovers', async () => {
    using dir = new EnvDir();
    dir.write('oops\n');
    await using watch = await RecordedWatch.start(dir.file);
    expect(watch.errors.map(({ code }) => code)).toEqual(['invalid-content']);
    expect(watch.watcher.values).toEqual({});
    dir.rename('A=1\n');
    expect(await watch.untilChanges(1)).toMatchObject({ added: ['A'] });
  });

  it('reports a directory or a file that is too large in its place', async () => {
    using dir = new EnvDir();
    dir.write('A=1\n');
    await using watch = await RecordedWatch.start(dir.file, { maxBytes: 100 });
    rmSync(dir.file);
    mkdirSync(dir.file);
    expect(await watch.untilErrors(1)).toMatchObject({ code: 'unreadable', details: { errno: 'EISDIR' } });
    rmSync(dir.file, { recursive: true });
    dir.write('A=1\n');
    await watch.quiet();
    appendFileSync(dir.file, `B=${'x'.repeat(100)}\n`);
    expect(await watch.untilErrors(2)).toMatchObject({
      code: 'too-large',
      details: { bytes: 107, maxBytes: 100 },
    });
    expect(watch.watcher.values).toEqual({ A: '1' });
  });

  it('refuses unusable arguments at once', () => {
    expect(() => watchEnv([])).toThrow(EnvWatchError);
    expect(() => watchEnv('')).toThrow(/files must be/);
    expect(() => watchEnv('.env', { settleMs: -1 })).toThrow(/settleMs must be/);
    expect(() => watchEnv('.env', { pollMs: Number.NaN })).toThrow(/pollMs must be/);
  });
});

describe('life', () => {
  it('emits nothing after close, and closes on abort', async () => {
    using dir = new EnvDir();
    dir.write('A=1\n');
    const controller = new AbortController();
    await using watch = await RecordedWatch.start(dir.file, { signal: controller.signal });
    dir.rename('A=2\n');
    await sleep(SETTLE_MS / 2);
    controller.abort();
    dir.rename('A=3\n');
    await watch.quiet();
    expect(watch.changes).toEqual([]);
    await watch.watcher.close();
  });

  it('is ready at once when it is aborted before it starts', async () => {
    using dir = new EnvDir();
    dir.write('A=1\n');
    await using watch = await RecordedWatch.start(dir.file, { signal: AbortSignal.abort() });
    expect(watch.watcher.values).toEqual({});
  });

  it('hands out values that cannot be changed', async () => {
    using dir = new EnvDir();
    dir.write('A=1\n');
    await using watch = await RecordedWatch.start(dir.file);
    expect(Object.isFrozen(watch.watcher.values)).toBe(true);
    dir.rename('A=2\n');
    expect(Object.isFrozen((await watch.untilChanges(1)).values)).toBe(true);
  });

  it('keeps memory and file descriptors flat over thousands of events', { timeout: 120_000 }, async () => {
    using dir = new EnvDir();
    for (const version of ['0', '1']) {
      mkdirSync(dir.at(version));
      dir.write(`A=${version}\nB=${'x'.repeat(10_000)}\n`, dir.at(version, '.env'));
    }
    symlinkSync('0', dir.at('current'));
    await using watch = await RecordedWatch.start(dir.at('current', '.env'), { settleMs: 0 });
    const swap = async (rounds: number) => {
      for (let round = 1; round <= rounds; round += 1) {
        dir.swapLink(dir.at('current'), `${round % 2}`);
        await once(watch.watcher, 'change');
        watch.changes.length = 0;
      }
      collectGarbage();
      return { heap: process.memoryUsage().heapUsed, descriptors: readdirSync('/proc/self/fd').length };
    };
    const before = await swap(300);
    const after = await swap(3_000);
    expect(after.heap - before.heap).toBeLessThan(1_000_000);
    expect(after.descriptors).toBe(before.descriptors);
  });

  it('sees changes by polling alone, and only finished ones', async () => {
    using dir = new EnvDir();
    dir.write('A=1\n');
    const deafToEvents = { settleMs: 3_600_000 };
    await using watch = await RecordedWatch.start(dir.file, { ...PATIENT, ...deafToEvents, pollMs: 10 });
    dir.rename('A=half\n');
    await sleep(50);
    dir.rename('A=2\n');
    expect(await watch.untilChanges(1)).toMatchObject({ changed: ['A'], values: { A: '2' } });
  });
});

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}
