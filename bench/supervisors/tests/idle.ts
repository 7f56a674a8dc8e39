import { setTimeout as sleep } from 'node:timers/promises';
import { readStarts } from '../marker.js';
import type { Measurement } from '../measurement.js';
import { cpuMs, pssKb, rssKb, tree } from '../proc.js';
import { sleepingServices } from '../scratch.js';
import { Session } from '../session.js';
import { round } from '../statistics.js';
import { until } from '../until.js';

const OBSERVED_MS = 10_000;

export const idle: Measurement = {
  id: 'idle',
  method:
    '10 sleeping services, 3 s after the start: VmRSS and Pss summed over the processes of the supervisor without ' +
    'the services; CPU time of the same over 10 s',
  async measure(adapter, { scratch, payload }) {
    const directory = scratch.next();
    const services = sleepingServices(directory, payload, 10);
    await using session = new Session(adapter.start({ directory, services, logs: 'any' }));
    const { supervisor } = session;
    await until('start of 10', () => services.every(({ marker }) => readStarts(marker).length > 0));
    await sleep(3_000);
    const own = tree(supervisor.pid, [payload.service]);
    const figure = (name: string, value: number, unit: string) => ({
      supervisor: adapter.name,
      name,
      value,
      unit,
      detail: `${own.length} processes`,
    });
    const memory = [
      figure('rss-10', round(rssKb(own) / 1024, 1), 'MiB'),
      figure('pss-10', round(pssKb(own) / 1024, 1), 'MiB'),
    ];
    const before = cpuMs(own);
    await sleep(OBSERVED_MS);
    const cpu = figure('idle-cpu-10', round(((cpuMs(own) - before) / OBSERVED_MS) * 100, 2), '%');
    return [...memory, cpu];
  },
};
