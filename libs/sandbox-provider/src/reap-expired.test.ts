import { describe, expect, it } from 'vitest';
import { createFakeProvider } from './fake/fake-provider.js';
import { reapExpired } from './reap-expired.js';

describe('reapExpired', () => {
  const inAnHour = () => new Date(Date.now() + 3_600_000);

  it('destroys what has expired and nothing else', async () => {
    await using connection = await createFakeProvider().connect({});
    const expired = await connection.create({ image: 'fake', ttlMs: 60_000 });
    await using later = await connection.create({ image: 'fake', ttlMs: 7_200_000 });
    await using never = await connection.create({ image: 'fake' });
    expect(await reapExpired(connection)).toEqual([]);
    expect((await reapExpired(connection, { now: inAnHour() })).map(({ id }) => id)).toEqual([expired.id]);
    await expect(expired.info()).rejects.toMatchObject({ code: 'SandboxNotFound' });
    expect((await later.info()).state).toBe('running');
    expect((await never.info()).state).toBe('running');
  });

  it('spares one that was extended after it was listed', async () => {
    await using connection = await createFakeProvider().connect({});
    await using sandbox = await connection.create({ image: 'fake', ttlMs: 60_000 });
    const slow = {
      get: (id: string) => connection.get(id),
      async *list() {
        for await (const info of connection.list()) {
          await sandbox.extend(7_200_000);
          yield info;
        }
      },
    };
    expect(await reapExpired(slow, { now: inAnHour() })).toEqual([]);
    expect((await sandbox.info()).state).toBe('running');
  });

  it('is not disturbed by another reaper at work', async () => {
    await using connection = await createFakeProvider().connect({});
    await Promise.all([1, 2, 3].map(() => connection.create({ image: 'fake', ttlMs: 60_000 })));
    const now = inAnHour();
    const reaped = await Promise.all([reapExpired(connection, { now }), reapExpired(connection, { now })]);
    expect(new Set(reaped.flat().map(({ id }) => id)).size).toBe(3);
  });
});
