import type { ProcessInfo } from '../protocol/info.js';
import { formatDetail } from './detail.js';
import { formatBytes, formatDuration, formatState, formatTable } from './format.js';
import type { CommandContext } from './program.js';
import { printJson, printLine } from './stdio.js';

/** `pidnap processes list` */
export async function listProcesses({ client, json }: CommandContext): Promise<void> {
  const processes = await client().processes.list();
  if (json) return printJson(processes);
  printLine(formatProcesses(processes));
}

/** The table of `processes list` and `top`. */
export function formatProcesses(processes: readonly ProcessInfo[]): string {
  return formatTable(
    ['NAME', 'STATE', 'PID', 'UPTIME', 'RESTARTS', 'MEMORY', 'REASON'],
    processes.map((process) => [
      process.name,
      formatState(process.state),
      String(process.pid ?? '-'),
      formatDuration(process.uptimeMs),
      String(process.restarts),
      process.usage ? formatBytes(process.usage.rssBytes) : '-',
      process.reason?.message ?? '',
    ]),
  );
}

/** `pidnap processes get <name>` */
export async function getProcess(
  { client, json }: CommandContext,
  name: string,
  options: { showSecrets?: boolean },
): Promise<void> {
  const process = await client().processes.get(name, options);
  if (json) return printJson(process);
  printLine(formatDetail(process));
}

/** `pidnap processes start | stop | restart <name>` */
export async function steerProcess(
  { client, json }: CommandContext,
  verb: 'start' | 'stop' | 'restart',
  name: string,
): Promise<void> {
  const process = await client().processes[verb](name);
  if (json) return printJson(process);
  const pid = process.pid === null ? '' : `, pid ${process.pid}`;
  const why = process.state === 'waiting' || process.state === 'failed' ? `: ${process.reason?.message}` : '';
  printLine(`${name} is ${formatState(process.state)}${pid}${why}`);
}
