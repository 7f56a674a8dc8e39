import type { ProcessDetail, TaskDetail } from '../protocol/info.js';
import { formatBytes, formatDuration, formatState } from './format.js';

/** Everything about one process or task, a line each; what does not apply is left out. */
export function formatDetail(unit: ProcessDetail | TaskDetail): string {
  const rows: [string, string | null | undefined][] = [
    ['name', unit.name],
    ['state', `${formatState(unit.state)} since ${unit.since}`],
    ['reason', unit.reason?.message],
    ['pid', unit.pid?.toString()],
    ['started', unit.startedAt],
    ['uptime', unit.uptimeMs === null ? null : formatDuration(unit.uptimeMs)],
    ['last exit', formatExit(unit)],
    ['command', unit.command.join(' ')],
    ['directory', unit.cwd],
    ['log', unit.logFile],
    ...unit.dependsOn.map(({ name, condition, satisfied }): [string, string] => [
      'depends on',
      `${name} ${condition}${satisfied ? '' : ' (not yet)'}`,
    ]),
    ...(unit.kind === 'process' ? processRows(unit) : []),
    ...Object.entries(unit.env).map(([key, value]): [string, string] => ['env', `${key}=${value}`]),
  ];
  return rows
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([label, value]) => `${label.padEnd(11)} ${value}`)
    .join('\n');
}

function processRows(process: ProcessDetail): [string, string | null | undefined][] {
  const { usage } = process;
  return [
    ['desired', process.desired],
    ['restart', process.restart],
    ['restarts', String(process.restarts)],
    ['schedule', process.schedule],
    ['next start', process.nextStartAt],
    ['env reload', process.envReloadAt],
    [
      'usage',
      usage && `${usage.processes} processes, ${formatBytes(usage.rssBytes)}, ${usage.cpuSeconds} s CPU`,
    ],
    ...Object.entries(process.probes).map(([kind, probe]): [string, string] => [
      kind,
      `${probe.ok === null ? 'pending' : probe.ok ? 'passed' : 'failed'}: ${probe.message}`,
    ]),
  ];
}

function formatExit({ lastExit }: ProcessDetail | TaskDetail): string | null {
  if (!lastExit) return null;
  const how =
    lastExit.error ?? (lastExit.signal ? `killed by ${lastExit.signal}` : `exit code ${lastExit.code}`);
  return `${how} at ${lastExit.at} after ${formatDuration(lastExit.uptimeMs)}`;
}
