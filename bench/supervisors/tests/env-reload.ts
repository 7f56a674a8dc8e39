import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'pidnap/client';
import { startPidnap } from '../adapters/pidnap.js';
import { readStarts } from '../marker.js';
import type { Measurement } from '../measurement.js';
import { sleepingServices } from '../scratch.js';
import { Session } from '../session.js';
import { median, round } from '../statistics.js';
import { until } from '../until.js';

const ROUNDS = 10;
const RELOAD_DELAY_MS = 500;

export const envReload: Measurement = {
  id: 'env',
  method:
    'an env file is renamed into place, 10 times: time until the env.changed event arrives at a client, and from the ' +
    'event until the restarted service stamps its first instruction, less its reloadDelay of 500 ms; worst of 10',
  pidnapOnly: true,
  async measure(adapter, { scratch, payload }) {
    const directory = scratch.next();
    const [service] = sleepingServices(directory, payload, 1);
    if (!service) throw new Error('no service to measure');
    const envFile = join(directory, '.env');
    const rename = (content: string): void => {
      writeFileSync(`${envFile}.new`, content);
      renameSync(`${envFile}.new`, envFile);
    };
    rename('ROUND=start\n');
    await using session = new Session(
      startPidnap(directory, {
        envFile,
        processes: {
          [service.name]: { command: service.argv, envOptions: { reloadDelay: RELOAD_DELAY_MS } },
        },
      }),
    );
    const { supervisor } = session;
    const { marker } = service;
    await until('start', () => readStarts(marker).length === 1);
    await sleep(1_000);
    const client = createClient({ socketPath: supervisor.socketPath });
    const end = new AbortController();
    const arrivals: bigint[] = [];
    const listening = (async () => {
      for await (const event of client.events({ signal: end.signal })) {
        if (event.type === 'env.changed') arrivals.push(process.hrtime.bigint());
      }
    })();
    await sleep(500);
    const eventMs: number[] = [];
    const deviationMs: number[] = [];
    for (let index = 0; index < ROUNDS; index += 1) {
      const renamedAt = process.hrtime.bigint();
      rename(`ROUND=${index}\n`);
      const arrivedAt = await until('env.changed', () => arrivals[index]);
      const started = await until('restart', () => readStarts(marker)[index + 1]);
      eventMs.push(Number(arrivedAt - renamedAt) / 1e6);
      deviationMs.push(Number(started.atNs - arrivedAt) / 1e6 - RELOAD_DELAY_MS);
      await sleep(200);
    }
    end.abort();
    await listening.catch((error: unknown) => {
      if (!end.signal.aborted) throw error;
    });
    const figure = (name: string, values: readonly number[]) => ({
      supervisor: adapter.name,
      name,
      value: round(Math.max(...values.map(Math.abs)), 1),
      unit: 'ms',
      detail: `median ${round(median(values), 1)} ms of ${values.length}`,
    });
    return [figure('env-event', eventMs), figure('env-delay-error', deviationMs)];
  },
};
