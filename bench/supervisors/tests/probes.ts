import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPidnap } from '../adapters/pidnap.js';
import { readStarts } from '../marker.js';
import type { Measurement } from '../measurement.js';
import { cpuMs, tree } from '../proc.js';
import { sleepingServices } from '../scratch.js';
import { Session } from '../session.js';
import { round } from '../statistics.js';
import { until } from '../until.js';

const OBSERVED_MS = 60_000;
const INTERVAL_MS = 10_000;

export const probes: Measurement = {
  id: 'probes',
  method:
    '50 sleeping services, each with an HTTP readiness probe every 10 s that a server in the harness answers; ' +
    'CPU time of the supervisor over 60 s, from 15 s after the start',
  pidnapOnly: true,
  async measure(adapter, { scratch, payload }) {
    let answered = 0;
    const server = createServer((_, response) => {
      answered += 1;
      response.end('ok');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the probe server has no port');
    const directory = scratch.next();
    const services = sleepingServices(directory, payload, 50);
    const readiness = { http: { port: address.port, path: '/' }, interval: INTERVAL_MS };
    const processes = services.map(({ name, argv }) => [name, { command: argv, probes: { readiness } }]);
    await using session = new Session(startPidnap(directory, { processes: Object.fromEntries(processes) }));
    const { supervisor } = session;
    await until('start of 50', () => services.every(({ marker }) => readStarts(marker).length > 0));
    await sleep(15_000);
    const own = tree(supervisor.pid, [payload.service]);
    const before = cpuMs(own);
    const answeredBefore = answered;
    await sleep(OBSERVED_MS);
    const value = round(((cpuMs(own) - before) / OBSERVED_MS) * 100, 2);
    const detail = `${answered - answeredBefore} probes in ${OBSERVED_MS / 1000} s`;
    server.close();
    return [{ supervisor: adapter.name, name: 'idle-cpu-50-probes', value, unit: '%', detail }];
  },
};
