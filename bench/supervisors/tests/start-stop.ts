import { setTimeout as sleep } from 'node:timers/promises';
import { readStarts } from '../marker.js';
import type { Measurement } from '../measurement.js';
import { isAlive, tree } from '../proc.js';
import { currentPids, sleepingServices } from '../scratch.js';
import { Session } from '../session.js';
import { median, round } from '../statistics.js';
import { until } from '../until.js';

export const startStop: Measurement = {
  id: 'start-stop',
  method:
    'start-50: spawn of the supervisor until the last of 50 services stamps its first instruction. stop-50: ' +
    'the request to end until the supervisor and all services are gone (the services die at once on SIGTERM). ' +
    'Median of the runs',
  async measure(adapter, { scratch, payload, runs }) {
    const startMs: number[] = [];
    const stopMs: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const directory = scratch.next();
      const services = sleepingServices(directory, payload, 50);
      const spawnedAt = process.hrtime.bigint();
      await using session = new Session(adapter.start({ directory, services, logs: 'any' }));
      const { supervisor } = session;
      const firsts = await until('start of 50', () => {
        const found = services.flatMap(({ marker }) => readStarts(marker)[0] ?? []);
        return found.length === services.length && found;
      });
      startMs.push(Math.max(...firsts.map(({ atNs }) => Number(atNs - spawnedAt) / 1e6)));
      await sleep(2_000);
      const pids = [...tree(supervisor.pid), ...currentPids(services)];
      const askedAt = performance.now();
      const stopped = supervisor.stop();
      await until('stop of 50', () => !pids.some(isAlive), { stepMs: 1 });
      stopMs.push(performance.now() - askedAt);
      await stopped;
    }
    const figure = (name: string, values: readonly number[]) => ({
      supervisor: adapter.name,
      name,
      value: round(median(values)),
      unit: 'ms',
      detail: `runs ${values.map((value) => round(value)).join(', ')}`,
    });
    return [figure('start-50', startMs), figure('stop-50', stopMs)];
  },
};
