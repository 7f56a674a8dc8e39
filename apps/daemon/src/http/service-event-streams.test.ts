import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ReadEvent, readEvents } from '../../test/read-events.js';
import { temporaryDatabase } from '../../test/temporary-database.js';
import type { ServicesAnswer, Transition } from '../api.js';
import { ServiceHistory } from '../database/service-history.js';
import { createLogger } from '../logger.js';
import type { MonitorListener } from '../services/service-monitor.js';
import { ServiceEventStreams } from './service-event-streams.js';

let temporary: Awaited<ReturnType<typeof temporaryDatabase>>;
let history: ServiceHistory;
let listeners: Set<MonitorListener>;

beforeEach(async () => {
  temporary = await temporaryDatabase();
  history = new ServiceHistory(temporary.database);
  listeners = new Set();
});
afterEach(() => temporary[Symbol.asyncDispose]());

const nothing: ServicesAnswer = {
  pidnap: { connected: true, reason: null, since: '2026-01-02T03:04:05.006Z' },
  services: [],
  tasks: [],
};

function createStreams(options: { heartbeatMs?: number; maxQueued?: number }): ServiceEventStreams {
  return new ServiceEventStreams({
    history,
    monitor: {
      snapshot: () => nothing,
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    logger: createLogger(() => {}),
    ...options,
  });
}

async function open(streams: ServiceEventStreams, cursor?: number): Promise<AsyncGenerator<ReadEvent, void>> {
  const app = new Hono().get('/', (context) => streams.open(context, cursor));
  return readEvents(await app.request('/'));
}

async function record(id: number): Promise<void> {
  const transition = await history.record('run', {
    id,
    at: '2026-01-02T03:04:05.006Z',
    type: 'process.state',
    name: 'opencode',
    from: 'starting',
    to: 'ready',
    desired: 'running',
    pid: 1,
    reason: null,
  });
  if (transition !== null) for (const listener of listeners) listener.transition(transition);
}

type Taken = [event: string | undefined, id: string | undefined][];

async function take(events: AsyncGenerator<ReadEvent, void>, count: number): Promise<Taken> {
  const taken: Taken = [];
  while (taken.length < count) {
    const { value, done } = await events.next();
    if (done || value === undefined) break;
    taken.push([value.event, value.id]);
  }
  return taken;
}

describe('ServiceEventStreams', () => {
  it('begins with the state, without a cursor with nothing of the past, and follows', async () => {
    await record(1);
    const events = await open(createStreams({}));
    expect(await take(events, 1)).toEqual([['services', undefined]]);
    await record(2);
    for (const listener of listeners) listener.envChanged();
    expect(await take(events, 2)).toEqual([
      ['transition', '2'],
      ['env', undefined],
    ]);
    await events.return();
  });

  it('replays what came after the cursor, and says when that is not all', async () => {
    for (let id = 1; id <= 5; id++) await record(id);
    const all = await open(createStreams({}), 2);
    expect(await take(all, 4)).toEqual([
      ['transition', '3'],
      ['transition', '4'],
      ['transition', '5'],
      ['services', undefined],
    ]);
    await all.return();

    const newest = await open(createStreams({ maxQueued: 2 }), 1);
    expect((await newest.next()).value).toEqual({
      event: 'gap',
      id: undefined,
      data: { after: 1, before: 4 },
    });
    expect(await take(newest, 2)).toEqual([
      ['transition', '4'],
      ['transition', '5'],
    ]);
    await newest.return();
  });

  it('follows on after a cursor of another database', async () => {
    await record(1);
    const events = await open(createStreams({}), 900);
    await take(events, 1);
    await record(2);
    expect(await take(events, 1)).toEqual([['transition', '2']]);
    await events.return();
  });

  it('gives signs of life', async () => {
    const events = await open(createStreams({ heartbeatMs: 5 }));
    expect(await take(events, 3)).toEqual([
      ['services', undefined],
      ['ping', undefined],
      ['ping', undefined],
    ]);
    await events.return();
  });

  it('ends the stream of a reader that lags behind, and lets go of it', async () => {
    const events = await open(createStreams({ maxQueued: 3 }));
    await take(events, 1);
    const transition = { service: 'opencode' } as Transition;
    for (let step = 0; step < 5; step++) for (const listener of listeners) listener.transition(transition);
    expect(await take(events, 10)).toEqual([]);
    expect(listeners.size).toBe(0);
  });

  it('lets go of a reader that left', async () => {
    const events = await open(createStreams({}));
    await take(events, 1);
    expect(listeners.size).toBe(1);
    await events.return();
    await expect.poll(() => listeners.size).toBe(0);
  });
});
