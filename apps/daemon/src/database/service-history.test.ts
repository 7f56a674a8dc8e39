import type { StateEvent } from 'pidnap/client';
import { expect, it } from 'vitest';
import { temporaryDatabase } from '../../test/temporary-database.js';
import { ServiceHistory } from './service-history.js';

const event = (id: number, part: Partial<StateEvent> = {}): StateEvent => ({
  id,
  at: '2026-01-02T03:04:05.006Z',
  type: 'process.state',
  name: 'opencode',
  from: 'starting',
  to: 'ready',
  desired: 'running',
  pid: 1,
  reason: null,
  ...part,
});

it('records a step once, also when pidnap replays it, and tells runs of pidnap apart', async () => {
  await using temporary = await temporaryDatabase();
  const history = new ServiceHistory(temporary.database);
  expect(await history.lastEventId('first')).toBe(0);
  const reason = { code: 'signal', message: 'Killed by SIGKILL.' } as const;
  const recorded = await history.record('first', event(7, { from: 'ready', to: 'backoff', reason }));
  expect(recorded).toEqual({
    id: 1,
    service: 'opencode',
    kind: 'process',
    from: 'ready',
    to: 'backoff',
    reason,
    at: '2026-01-02T03:04:05.006Z',
  });
  expect(await history.record('first', event(7))).toBeNull();
  expect(await history.record('second', event(7))).toMatchObject({ to: 'ready' });
  expect(await history.lastEventId('first')).toBe(7);
  expect(await history.list({ limit: 10 })).toHaveLength(2);
});

it('lists by service and keeps a bounded number', async () => {
  await using temporary = await temporaryDatabase();
  const history = new ServiceHistory(temporary.database, 3);
  for (let id = 1; id <= 5; id++) {
    await history.record('run', event(id, id % 2 ? { name: 'db-migrate', type: 'task.state' } : {}));
  }
  const all = await history.list({ limit: 10 });
  expect(all.map(({ id }) => id)).toEqual([5, 4, 3]);
  expect(await history.list({ limit: 10, service: 'db-migrate' })).toMatchObject([
    { id: 5, kind: 'task' },
    { id: 3, kind: 'task' },
  ]);
});
