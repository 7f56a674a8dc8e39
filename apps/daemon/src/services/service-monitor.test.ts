import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createClient } from 'pidnap/client';
import { describe, expect, it } from 'vitest';
import { type ReadEvent, readEvents } from '../../test/read-events.js';
import { startRealPidnap } from '../../test/real-pidnap.js';
import { temporaryDatabase } from '../../test/temporary-database.js';
import { startTestDaemon, type TestDaemon, unusedPort } from '../../test/test-daemon.js';
import type { ServicesAnswer, Transition, TransitionsAnswer } from '../api.js';
import { ServiceHistory } from '../database/service-history.js';
import { createLogger } from '../logger.js';
import { ServiceMonitor } from './service-monitor.js';

const config = {
  tasks: { prepare: { command: 'true' } },
  processes: {
    steady: { command: 'exec sleep 1000' },
    fragile: { command: 'exec sleep 1000', restart: 'never' as const },
  },
};

const services = async (daemon: TestDaemon): Promise<ServicesAnswer> =>
  (await daemon.request('GET', '/api/services')).json() as Promise<ServicesAnswer>;

const history = async (daemon: TestDaemon, service: string): Promise<readonly Transition[]> => {
  const response = await daemon.request('GET', `/api/services/transitions?service=${service}`);
  return ((await response.json()) as TransitionsAnswer).transitions;
};

/** Reads on until an event fits. */
async function until(
  events: AsyncGenerator<ReadEvent, void>,
  fits: (event: ReadEvent) => boolean,
): Promise<ReadEvent> {
  for (;;) {
    const { value, done } = await events.next();
    if (done || value === undefined) throw new Error('The stream ended.');
    if (fits(value)) return value;
  }
}

const stateIn = (event: ReadEvent, name: string): string | undefined =>
  event.event === 'services'
    ? (event.data as ServicesAnswer).services.find((service) => service.name === name)?.state
    : undefined;

describe('the services of a real pidnap', () => {
  it('are shown with their tasks, and steered', async () => {
    await using pidnap = await startRealPidnap(config);
    await using daemon = await startTestDaemon({ pidnapUrl: pidnap.url });
    await expect
      .poll(() => services(daemon))
      .toMatchObject({
        pidnap: { connected: true, reason: null },
        services: [
          { kind: 'process', name: 'steady', self: false, state: 'ready', desired: 'running', restarts: 0 },
          { name: 'fragile', state: 'ready', pid: expect.any(Number), uptimeMs: expect.any(Number) },
        ],
        tasks: [{ kind: 'task', name: 'prepare', state: 'completed', desired: null }],
      });

    const act = async (action: string): Promise<unknown> => {
      const response = await daemon.request('POST', `/api/services/steady/${action}`);
      return [response.status, await response.json()];
    };
    expect(await act('stop')).toMatchObject([
      200,
      { service: { state: 'stopped', desired: 'stopped', pid: null } },
    ]);
    expect(await act('start')).toMatchObject([200, { service: { desired: 'running' } }]);
    const before = await pidnap.pid('steady');
    expect(await act('restart')).toMatchObject([200, { service: { name: 'steady' } }]);
    expect(await pidnap.pid('steady')).not.toBe(before);

    const missing = await daemon.request('POST', '/api/services/absent/restart');
    expect([missing.status, await missing.json()]).toMatchObject([
      404,
      { error: { code: 'not-found', details: { service: 'absent' } } },
    ]);
    expect(await act('explode')).toMatchObject([404, { error: { code: 'not-found' } }]);
  });

  it('tell of a death at once, with the cause', async () => {
    await using pidnap = await startRealPidnap(config);
    await using daemon = await startTestDaemon({ pidnapUrl: pidnap.url });
    const events = readEvents(await daemon.request('GET', '/api/services/events'));
    await until(events, (event) => stateIn(event, 'fragile') === 'ready');
    process.kill(await pidnap.pid('fragile'), 'SIGKILL');
    const { id, data } = await until(
      events,
      (event) => event.event === 'transition' && (event.data as Transition).to === 'failed',
    );
    expect(data).toMatchObject({
      id: Number(id),
      service: 'fragile',
      from: 'ready',
      to: 'failed',
      reason: { code: 'signal', message: expect.stringContaining('SIGKILL') },
    });
    await until(events, (event) => stateIn(event, 'fragile') === 'failed');
    expect(await history(daemon, 'fragile')).toMatchObject([
      { id: Number(id), to: 'failed' },
      { to: 'ready' },
      {},
    ]);
    await events.return();
  });

  it('are made good after a break of the stream: each missed step once, from the cursor on', async () => {
    await using pidnap = await startRealPidnap(config);
    await using daemon = await startTestDaemon({ pidnapUrl: pidnap.url });
    await expect
      .poll(() => services(daemon))
      .toMatchObject({ services: [{ state: 'ready' }, { state: 'ready' }] });
    await expect.poll(() => history(daemon, 'steady')).toHaveLength(2);
    const cursor = (await history(daemon, 'steady'))[0]?.id ?? 0;
    await pidnap.client.processes.stop('steady');
    await pidnap.client.processes.start('steady');
    await expect.poll(() => history(daemon, 'steady')).toHaveLength(6);

    const resumed = readEvents(
      await daemon.request('GET', '/api/services/events', undefined, { 'last-event-id': String(cursor) }),
    );
    const steps: string[] = [];
    await until(resumed, ({ event, data }) => {
      if (event === 'transition') {
        const { service, to } = data as Transition;
        if (service === 'steady') steps.push(to);
      }
      return event === 'services';
    });
    expect(steps).toEqual(['stopping', 'stopped', 'starting', 'ready']);
    await resumed.return();
  });

  it('are unknown while pidnap is away, and known again when another one is there', async () => {
    const port = await unusedPort();
    const first = await startRealPidnap(config, port);
    await using daemon = await startTestDaemon({ pidnapUrl: first.url });
    await expect
      .poll(() => services(daemon))
      .toMatchObject({ services: [{ state: 'ready' }, { state: 'ready' }] });
    await first[Symbol.asyncDispose]();
    await expect
      .poll(() => services(daemon))
      .toMatchObject({
        pidnap: { connected: false, reason: expect.stringContaining('pidnap') },
        services: [
          {
            name: 'steady',
            state: 'unknown',
            reason: { code: 'pidnap-unreachable' },
            pid: null,
            uptimeMs: null,
          },
          { name: 'fragile', state: 'unknown' },
        ],
        tasks: [{ state: 'unknown' }],
      });
    await using second = await startRealPidnap(config, port);
    await expect
      .poll(() => services(daemon))
      .toMatchObject({ pidnap: { connected: true }, services: [{ state: 'ready' }, { state: 'ready' }] });
    // Two runs of pidnap number their events alike; both are in the history.
    await expect
      .poll(async () => (await history(daemon, 'steady')).filter(({ to }) => to === 'ready'))
      .toHaveLength(2);
    await second.stop();
  });

  it('are shown live without a database, too; their steps have no cursor then', async () => {
    await using pidnap = await startRealPidnap(config);
    await using daemon = await startTestDaemon({ pidnapUrl: pidnap.url, migrate: false });
    const events = readEvents(await daemon.request('GET', '/api/services/events'));
    await until(events, (event) => stateIn(event, 'fragile') === 'ready');
    await pidnap.client.processes.stop('fragile');
    const step = await until(events, ({ event }) => event === 'transition');
    expect(step).toMatchObject({ id: undefined, data: { id: null, service: 'fragile', to: 'stopping' } });
    await events.return();
    expect(daemon.log.join('')).toContain('a step of a service could not be recorded');
  });
});

describe('ServiceMonitor', () => {
  it('does not wait for ever for a pidnap that takes connections and says nothing', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const sockets = new Set<Socket>();
    silent.on('connection', (socket) => sockets.add(socket));
    const address = silent.address() as AddressInfo;
    await using temporary = await temporaryDatabase();
    const monitor = new ServiceMonitor({
      pidnap: createClient({ url: `http://127.0.0.1:${address.port}` }),
      history: new ServiceHistory(temporary.database),
      logger: createLogger(() => {}),
      answerMs: 20,
    });
    monitor.start();
    await expect
      .poll(() => monitor.snapshot().pidnap)
      .toMatchObject({ connected: false, reason: 'pidnap did not answer within 20 ms.' });
    await monitor.stop();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });
});
