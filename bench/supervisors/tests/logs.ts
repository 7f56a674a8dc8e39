import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogMode, RunningSupervisor, SupervisorAdapter } from '../adapter.js';
import { checkLines } from '../check-lines.js';
import { readNote } from '../marker.js';
import type { Figure, MeasureContext, Measurement } from '../measurement.js';
import { cpuMs, rssKb, tree } from '../proc.js';
import { Session } from '../session.js';
import { round } from '../statistics.js';
import { until } from '../until.js';

const LINE_BYTES = 120;
const LIMIT_MS = 300_000;
/** Files that have not grown for so long after the writer is done hold all that will come. */
const QUIET_MS = 1_500;

export const logs: Measurement = {
  id: 'logs',
  method:
    'one service writes numbered lines of 120 B, one write(2) each; time from the first write until the log files ' +
    'stop growing (looked at every 20 ms), CPU time and highest RSS of the supervisor and its loggers; then every ' +
    'line is accounted for: lost, torn, duplicate, reordered',
  async measure(adapter, context) {
    return [...(await flood(adapter, context, 'stamped')), ...(await flood(adapter, context, 'raw'))];
  },
};

async function flood(
  adapter: SupervisorAdapter,
  { scratch, payload, lines }: MeasureContext,
  mode: Exclude<LogMode, 'any'>,
): Promise<Figure[]> {
  const directory = scratch.next();
  const marker = join(directory, 'marker');
  const service = {
    name: 'flood',
    argv: [payload.flood, marker, String(lines), String(LINE_BYTES)],
  } as const;
  await using session = new Session(adapter.start({ directory, services: [service], logs: mode }));
  const { supervisor } = session;
  const begin = await until('begin of the flood', () => readNote(marker, 'begin'));
  const seen = await watchGrowth(supervisor, payload.flood, () => readNote(marker, 'done') !== undefined);
  await session.end();
  const check = await checkLines(supervisor.logFiles(service.name), lines, LINE_BYTES);
  rmSync(directory, { recursive: true });
  const figure = (name: string, value: number, unit: string, detail: string): Figure => ({
    supervisor: adapter.name,
    name: `log-${mode}-${name}`,
    value,
    unit,
    detail,
  });
  const { lost, torn, duplicate, reordered } = check;
  return [
    figure('time', round(Number(seen.lastGrowthNs - begin) / 1e9, 2), 's', adapter.logNotes[mode]),
    figure('cpu', round(seen.cpuMs / 1000, 2), 's', adapter.logNotes[mode]),
    figure('rss', round(seen.rssKb / 1024), 'MiB', 'highest seen'),
    figure(
      'damage',
      lost + torn + duplicate + reordered,
      'lines',
      `${lost} lost, ${torn} torn, ${duplicate} duplicate, ${reordered} reordered of ${lines}`,
    ),
  ];
}

interface Growth {
  readonly lastGrowthNs: bigint;
  readonly cpuMs: number;
  readonly rssKb: number;
}

async function watchGrowth(
  supervisor: RunningSupervisor,
  program: string,
  isDone: () => boolean,
): Promise<Growth> {
  const deadline = performance.now() + LIMIT_MS;
  let bytes = -1;
  let lastGrowthNs = process.hrtime.bigint();
  let highestRss = 0;
  let highestCpu = 0;
  for (;;) {
    const own = tree(supervisor.pid, [program]);
    highestRss = Math.max(highestRss, rssKb(own));
    highestCpu = Math.max(highestCpu, cpuMs(own));
    const now = totalBytes(supervisor.logFiles('flood'));
    if (now !== bytes) {
      bytes = now;
      lastGrowthNs = process.hrtime.bigint();
    }
    const quietMs = Number(process.hrtime.bigint() - lastGrowthNs) / 1e6;
    if (isDone() && quietMs > QUIET_MS) return { lastGrowthNs, cpuMs: highestCpu, rssKb: highestRss };
    if (performance.now() > deadline) throw new Error(`the logs still grow after ${LIMIT_MS} ms`);
    await sleep(20);
  }
}

/** A file may be renamed between listing and looking; the next look finds it. */
function totalBytes(files: readonly string[]): number {
  return files.reduce((total, file) => total + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
}
