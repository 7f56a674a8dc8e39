import { describe, expect, it } from 'vitest';
import type { PidnapEvent } from '../protocol/events.js';
import { EventBus } from './event-bus.js';

const event = (message: string) => ({ type: 'manager.started', message }) as const;

async function all(events: AsyncIterable<PidnapEvent>): Promise<(string | number)[]> {
  const seen: (string | number)[] = [];
  for await (const item of events) seen.push(item.type === 'events.gap' ? `gap ${item.missed}` : item.id);
  return seen;
}

describe('EventBus', () => {
  it('numbers events without a gap and replays them from a cursor', async () => {
    const bus = new EventBus();
    for (const name of ['a', 'b', 'c']) bus.emit(event(name));
    expect(bus.cursor).toBe(3);
    expect(await all(bus.read({ cursor: 0, follow: false }))).toEqual([1, 2, 3]);
    expect(await all(bus.read({ cursor: 2, follow: false }))).toEqual([3]);
    expect(await all(bus.read({ cursor: 99, follow: false }))).toEqual([]);
    expect(await all(bus.read({ follow: false }))).toEqual([]);
  });

  it('hands live events to every reader at its own pace and ends with the bus', async () => {
    const bus = new EventBus();
    bus.emit(event('before'));
    const late = all(bus.read());
    const replay = all(bus.read({ cursor: 0 }));
    await new Promise(setImmediate);
    for (let i = 0; i < 3; i++) bus.emit(event('x'));
    await new Promise(setImmediate);
    bus.emit(event('y'));
    bus.close();
    expect(await late).toEqual([2, 3, 4, 5]);
    expect(await replay).toEqual([1, 2, 3, 4, 5]);
  });

  it('ends a reader by its signal', async () => {
    const bus = new EventBus();
    const stop = new AbortController();
    const reader = all(bus.read({ signal: stop.signal }));
    await new Promise(setImmediate);
    stop.abort();
    expect(await reader).toEqual([]);
  });

  it('keeps a bounded number and tells of those that are gone', async () => {
    const bus = new EventBus(10);
    for (let i = 0; i < 1005; i++) bus.emit(event(String(i)));
    const seen = await all(bus.read({ cursor: 0, follow: false }));
    const [gap, ...rest] = seen;
    expect(gap).toBe('gap 995');
    expect(rest).toEqual([996, 997, 998, 999, 1000, 1001, 1002, 1003, 1004, 1005]);
    expect(await all(bus.read({ cursor: 995, follow: false }))).toEqual(rest);
  });
});
