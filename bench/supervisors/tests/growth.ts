import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, isPidnapError, type PidnapApi } from 'pidnap/client';
import { RESTART_AT_ONCE, startPidnap } from '../adapters/pidnap.js';
import type { Measurement } from '../measurement.js';
import { rssKb } from '../proc.js';
import { Session } from '../session.js';
import { round } from '../statistics.js';

const SERVICES = 4;
/** Share of the restarts after which the manager's heap and logs have reached their usual size. */
const WARM_UP = 0.1;

export const growth: Measurement = {
  id: 'growth',
  method:
    '4 services that exit at once are restarted without backoff; VmRSS of the manager after all restarts less that ' +
    'after the first tenth, each the lowest of 20 looks in 2 s',
  pidnapOnly: true,
  async measure(adapter, { scratch, restarts }) {
    const directory = scratch.next();
    const names = Array.from({ length: SERVICES }, (_, index) => `exits-${index}`);
    const processes = names.map((name) => [name, { command: ['/bin/true'], ...RESTART_AT_ONCE }]);
    await using session = new Session(startPidnap(directory, { processes: Object.fromEntries(processes) }));
    const { supervisor } = session;
    const client = createClient({ socketPath: supervisor.socketPath });
    const count = async (): Promise<number> => {
      const list = await client.processes.list();
      return list.reduce((sum, process) => sum + process.restarts, 0);
    };
    await apiAnswers(client);
    const startedAt = performance.now();
    const reached = async (wanted: number): Promise<number> => {
      while ((await count()) < wanted) await sleep(250);
      return lowestRssKb(supervisor.pid);
    };
    const early = await reached(restarts * WARM_UP);
    const late = await reached(restarts);
    const seconds = round((performance.now() - startedAt) / 1000);
    const total = await count();
    const mib = (kb: number): number => round(kb / 1024, 1);
    const detail = `${mib(early)} → ${mib(late)} MiB, ${total} restarts in ${seconds} s`;
    return [
      { supervisor: adapter.name, name: 'rss-growth', value: mib(late - early), unit: 'MiB', detail },
      { supervisor: adapter.name, name: 'rss-after-restarts', value: mib(late), unit: 'MiB', detail },
    ];
  },
};

/** Between two collections the heap holds garbage that says nothing about growth. */
async function lowestRssKb(pid: number): Promise<number> {
  let lowest = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 20; look += 1) {
    lowest = Math.min(lowest, rssKb([pid]));
    await sleep(100);
  }
  return lowest;
}

async function apiAnswers(client: PidnapApi): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      await client.status();
      return;
    } catch (error) {
      if (!isPidnapError(error) || performance.now() > deadline) throw error;
    }
    await sleep(100);
  }
}
