import { expect, it } from 'vitest';
import { temporaryDatabase } from '../../test/temporary-database.js';
import { EnvChangeHistory } from './env-change-history.js';

it('lists the newest first and keeps a bounded number', async () => {
  await using temporary = await temporaryDatabase();
  const history = new EnvChangeHistory(temporary.database, 3);
  const at = new Date('2026-01-02T03:04:05.006Z');
  await history.record([], at);
  await history.record([{ key: 'A', action: 'added' }], at);
  await history.record(
    [
      { key: 'A', action: 'changed' },
      { key: 'B', action: 'added' },
    ],
    at,
  );
  await history.record([{ key: 'A', action: 'removed' }], at);
  expect(await history.list(10)).toEqual([
    { id: 4, key: 'A', action: 'removed', at: at.toISOString() },
    { id: 3, key: 'B', action: 'added', at: at.toISOString() },
    { id: 2, key: 'A', action: 'changed', at: at.toISOString() },
  ]);
  expect(await history.list(1)).toMatchObject([{ id: 4 }]);
});
