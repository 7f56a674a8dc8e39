import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually, logTexts, tempDir } from '../../test/test-manager.js';
import type { LogSpec } from '../config/spec.js';
import { createFifos, type Fifo } from './fifo.js';
import { LineHub } from './line-hub.js';
import { UnitLog } from './unit-log.js';

const defaults: LogSpec = { timestamps: true, maxBytes: 1e6, keep: 3, flushAfter: 50 };

async function openLog(file: string, logs: Partial<LogSpec> = {}): Promise<UnitLog> {
  return new UnitLog({
    name: 'x',
    kind: 'process',
    file,
    logs: { ...defaults, ...logs },
    fifos: (await createFifos(2)) as [Fifo, Fifo],
    hub: new LineHub(),
    onTrouble: (message) => expect.unreachable(message),
  });
}

async function runIn(log: UnitLog, script: string): Promise<void> {
  const child = log.withStdio(([out, err]) =>
    spawn('/bin/sh', ['-c', script], { stdio: ['ignore', out, err], detached: true }),
  );
  await once(child, 'exit');
  log.drain();
}

describe('UnitLog', () => {
  it('marks stdout and stderr', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'x.log');
    const log = await openLog(file);
    await runIn(log, 'echo out; echo err >&2');
    log.close();
    const lines = readFileSync(file, 'utf8').split('\n');
    expect(lines.filter((line) => line.endsWith(' stdout F out'))).toHaveLength(1);
    expect(lines.filter((line) => line.endsWith(' stderr F err'))).toHaveLength(1);
  });

  it('trap 7: a child can reopen /dev/stdout and /dev/stderr, and nothing is truncated', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'x.log');
    const log = await openLog(file);
    await runIn(log, 'echo one; echo two > /dev/stdout; echo three >> /dev/stdout; echo four > /dev/stderr');
    log.close();
    expect(logTexts(file).sort()).toEqual(['four', 'one', 'three', 'two']);
  });

  it.skipIf(process.getuid?.() !== 0)('trap 7: so can a child of another user', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'x.log');
    const log = await openLog(file);
    await runIn(log, 'setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "echo hi > /dev/stdout"');
    log.close();
    expect(logTexts(file)).toEqual(['hi']);
  });

  it('has every line at the moment of the exit, without waiting for a grandchild that holds stdout', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'x.log');
    const log = await openLog(file);
    const child = log.withStdio(([out, err]) =>
      spawn('/bin/sh', ['-c', 'setsid sleep 5 & seq 1 2000'], {
        stdio: ['ignore', out, err],
        detached: true,
      }),
    );
    await once(child, 'exit');
    log.flush();
    expect(logTexts(file)).toEqual(Array.from({ length: 2000 }, (_, i) => String(i + 1)));
    log.close();
  });

  it('still takes output of a grandchild that outlives its run', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'x.log');
    const log = await openLog(file);
    await runIn(log, 'setsid sh -c "sleep 0.2; echo late" & echo early');
    await eventually(() => expect(logTexts(file)).toEqual(['early', 'late']));
    log.close();
  });

  it('trap 9: a prompt without a line end appears after the flush time, marked as partial', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'x.log');
    const log = await openLog(file);
    const child = log.withStdio(([out, err]) =>
      spawn('/bin/sh', ['-c', 'printf "Password: "; exec sleep 30'], {
        stdio: ['ignore', out, err],
        detached: true,
      }),
    );
    await eventually(() => expect(readFileSync(file, 'utf8')).toMatch(/ stdout P Password: \n$/), 2000);
    child.kill('SIGKILL');
    log.close();
  });

  it('trap 9: the end of a run ends an unfinished line', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'x.log');
    const log = await openLog(file, { flushAfter: 60_000 });
    await runIn(log, 'printf last-words');
    log.flush();
    expect(logTexts(file)).toEqual(['last-words']);
    log.close();
  });

  it('gives each run a pipe of its own flags: a child that sets O_NONBLOCK does not spoil the next', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'x.log');
    const log = await openLog(file);
    // Node makes its stdout non-blocking; a writer that meets a full pipe would then see EAGAIN.
    await runIn(log, `${process.execPath} -e "console.log('node')"`);
    await runIn(log, 'head -c 3000000 /dev/zero | tr "\\0" x | fold -w 99; echo; echo end');
    log.close();
    const texts = readFileSync(file, 'utf8');
    expect(texts.endsWith(' stdout F end\n')).toBe(true);
  });

  it.each([true, false])(
    'loses, tears and reorders nothing under rotation (timestamps: %s)',
    async (timestamps) => {
      using dir = tempDir();
      const file = join(dir.path, 'x.log');
      const log = await openLog(file, { timestamps, maxBytes: 200_000, keep: 500, flushAfter: 60_000 });
      const count = 200_000;
      await runIn(log, `seq -f "SEQ%.0f-" 1 ${count}`);
      log.close();
      const rotated = Array.from({ length: 500 }, (_, i) => `${file}.${500 - i}`);
      const texts = [...rotated, file].flatMap((name) => {
        try {
          return timestamps ? logTexts(name) : readFileSync(name, 'utf8').split('\n').filter(Boolean);
        } catch {
          return [];
        }
      });
      expect(texts).toHaveLength(count);
      expect(texts.findIndex((text, i) => text !== `SEQ${i + 1}-`)).toBe(-1);
    },
  );
});
