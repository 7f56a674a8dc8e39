import { setTimeout as sleep } from 'node:timers/promises';
import { readStarts } from '../marker.js';
import type { Measurement } from '../measurement.js';
import { sleepingServices } from '../scratch.js';
import { Session } from '../session.js';
import { median, round } from '../statistics.js';
import { until } from '../until.js';

const SERVICES = 10;
const ROUNDS = 2;

export const restart: Measurement = {
  id: 'restart',
  method:
    'kill -9 of one of 10 services until the first instruction of its successor, which stamps CLOCK_MONOTONIC ' +
    'itself; 20 kills, each of a service that has run for at least 1.3 s; median',
  async measure(adapter, { scratch, payload }) {
    const directory = scratch.next();
    const services = sleepingServices(directory, payload, SERVICES);
    await using _session = new Session(adapter.start({ directory, services, logs: 'any' }));
    await until('start', () => services.every(({ marker }) => readStarts(marker).length > 0));
    const delays: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await sleep(1_500);
      for (const { marker } of services) {
        const starts = readStarts(marker);
        const last = starts.at(-1);
        if (!last) throw new Error('a service that has started has no start');
        const killedAt = process.hrtime.bigint();
        process.kill(last.pid, 'SIGKILL');
        const next = await until('restart', () => readStarts(marker)[starts.length]);
        delays.push(Number(next.atNs - killedAt) / 1e6);
        await sleep(137);
      }
    }
    const detail = `max ${round(Math.max(...delays), 1)} ms of ${delays.length}`;
    return [
      { supervisor: adapter.name, name: 'restart', value: round(median(delays), 2), unit: 'ms', detail },
    ];
  },
};
