import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { PidnapEvent, StateEvent } from '../src/protocol/events.js';
import { eventFindings, logFindings } from './chaos-checks.js';
import { ChaosWorld } from './chaos-world.js';

const at = '2026-01-01T00:00:00.000Z';
const runs = ['11111111-1111-1111-1111-111111111111', '22222222-2222-2222-2222-222222222222'] as const;
const line = (run: string, number: number): string => `${at} stdout F ${run} ${number}\n`;

/** What is found when these are the files of a log, oldest first, and this is the ledger. */
function findingsOf(files: readonly string[], ledger = ''): string[] {
  using world = new ChaosWorld(1);
  const directory = join(world.dir, 'logs/process');
  mkdirSync(directory, { recursive: true });
  files.forEach((content, index) => {
    const age = files.length - 1 - index;
    writeFileSync(join(directory, `service-00.log${age === 0 ? '' : `.${age}`}`), content);
  });
  writeFileSync(join(world.dir, 'ledger.service-00'), ledger);
  return logFindings(world, 'service-00').findings;
}

it('finds nothing in a log that is whole, over rotated files and several runs', () => {
  const [one, two] = runs;
  expect(
    findingsOf([line(one, 1) + line(one, 2), line(one, 3) + line(two, 1)], `${one} 2\n${one} 3\n`),
  ).toEqual([]);
});

it.each<[string, string[], string, RegExp]>([
  ['a lost line', [line(runs[0], 1) + line(runs[0], 3)], '', /has 3 where 2 is due/],
  ['lost last lines', [line(runs[0], 1)], `${runs[0]} 2\n`, /wrote 2 lines, the log has 1/],
  ['a run that is missing', [line(runs[0], 1)], `${runs[1]} 3\n`, /wrote 3 lines, the log has 0/],
  ['a line twice', [line(runs[0], 1), line(runs[0], 1)], '', /has 1 where 2 is due/],
  ['a torn line', [line(runs[0], 1) + line(runs[0], 2).slice(0, -20)], '', /torn line/],
  ['two lines in one', [`${line(runs[0], 1).trimEnd()}${line(runs[0], 2)}`], '', /torn line/],
  ['two runs at once', [line(runs[0], 1) + line(runs[1], 1) + line(runs[0], 2)], '', /interleave/],
])('finds %s', (_, files, ledger, finding) => {
  expect(findingsOf(files, ledger).join('\n')).toMatch(finding);
});

it('finds gaps, repeats, wrong steps and drops in events', () => {
  const state = (id: number, from: StateEvent['from'], to: StateEvent['to']): PidnapEvent => ({
    type: 'process.state',
    id,
    at,
    name: 'web',
    from,
    to,
    desired: 'running',
    pid: null,
    reason: null,
  });
  const whole = [state(1, 'idle', 'starting'), state(2, 'starting', 'ready')];
  expect(eventFindings(whole)).toEqual([]);
  expect(eventFindings([...whole, state(4, 'ready', 'stopping')])).toEqual(['event 4 follows 2']);
  expect(eventFindings([...whole, state(2, 'ready', 'stopping')])).toEqual(['event 2 follows 2']);
  expect(eventFindings([...whole, state(3, 'running', 'stopping')])).toEqual([
    'event 3: web leaves running, but was ready',
  ]);
  expect(eventFindings([...whole, state(3, 'ready', 'waiting')])).toEqual(['event 3: ready → waiting']);
  expect(eventFindings([...whole, { type: 'log.dropped', id: 3, at, name: 'web', message: 'full' }])).toEqual(
    ['event 3: log.dropped'],
  );
});
