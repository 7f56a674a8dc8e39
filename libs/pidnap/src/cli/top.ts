import { setTimeout as sleep } from 'node:timers/promises';
import colors from 'picocolors';
import type { ProcessInfo } from '../protocol/info.js';
import { formatBytes, formatDuration, formatState, formatTable } from './format.js';
import type { CommandContext } from './program.js';
import { printLine } from './stdio.js';

/** Alternate screen, cursor hidden; and back. */
const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';
const home = '\u001b[H\u001b[J';

/** `pidnap top`: a live table until q or Ctrl-C; without a terminal one table, as for `--json`. */
export async function top({ client, json }: CommandContext, options: { interval: number }): Promise<void> {
  const api = client();
  const once = json || !process.stdout.isTTY;
  const quit = new AbortController();
  let before: Sample = { atMs: performance.now(), cpu: cpuByName(await api.processes.list()) };
  if (!once) openScreen(quit);
  try {
    do {
      await sleep(options.interval, undefined, { signal: quit.signal }).catch(() => {});
      if (quit.signal.aborted) return;
      const [status, processes] = await Promise.all([api.status(), api.processes.list()]);
      const now: Sample = { atMs: performance.now(), cpu: cpuByName(processes) };
      const rows = processes.map((process) => ({ process, cpuPercent: percent(process.name, before, now) }));
      before = now;
      if (json) {
        printLine(JSON.stringify(rows.map(({ process, cpuPercent }) => ({ ...process, cpuPercent }))));
        continue;
      }
      const title = `pidnap ${status.state}, ${status.ready ? 'ready' : 'not ready'}, up ${formatDuration(status.uptimeMs)}, ${formatBytes(status.rssBytes)}`;
      const screen = `${colors.bold(title)}\n\n${formatRows(rows)}\n`;
      process.stdout.write(once ? screen : `${home}${screen}\n${colors.dim('q to quit')}`);
    } while (!once);
  } finally {
    if (!once) closeScreen();
  }
}

interface Sample {
  readonly atMs: number;
  readonly cpu: ReadonlyMap<string, number>;
}

function cpuByName(processes: readonly ProcessInfo[]): Map<string, number> {
  return new Map(processes.map(({ name, usage }) => [name, usage?.cpuSeconds ?? 0]));
}

/** Of one core; a restart in between counts from zero. */
function percent(name: string, before: Sample, now: Sample): number {
  const used = (now.cpu.get(name) ?? 0) - (before.cpu.get(name) ?? 0);
  return Math.max(0, (used * 100_000) / (now.atMs - before.atMs));
}

function formatRows(rows: readonly { process: ProcessInfo; cpuPercent: number }[]): string {
  return formatTable(
    ['NAME', 'STATE', 'PID', 'UPTIME', 'RESTARTS', 'CPU %', 'MEMORY', 'PROCS', 'LOG'],
    rows.map(({ process, cpuPercent }) => [
      process.name,
      formatState(process.state),
      String(process.pid ?? '-'),
      formatDuration(process.uptimeMs),
      String(process.restarts),
      cpuPercent.toFixed(1),
      process.usage ? formatBytes(process.usage.rssBytes) : '-',
      String(process.usage?.processes ?? '-'),
      formatBytes(process.logBytes),
    ]),
  );
}

function openScreen(quit: AbortController): void {
  process.stdout.write(enter);
  process.on('exit', closeScreen);
  process.on('SIGINT', () => quit.abort());
  process.on('SIGTERM', () => quit.abort());
  if (!process.stdin.isTTY) return;
  process.stdin.setRawMode(true);
  process.stdin.on('data', (key) => {
    // Raw mode delivers Ctrl-C as a byte.
    if (key.includes('q') || key.includes('\u0003')) quit.abort();
  });
}

function closeScreen(): void {
  process.off('exit', closeScreen);
  if (process.stdin.isTTY) process.stdin.setRawMode(false).pause();
  process.stdout.write(leave);
}
