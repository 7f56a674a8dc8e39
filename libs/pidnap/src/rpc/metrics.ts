import type { ManagerStatus, ProcessInfo, TaskInfo } from '../protocol/info.js';
import { processStates } from '../protocol/process-state.js';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [Labels, number];

/** The Prometheus text format of everything worth a graph. */
export function formatMetrics(
  status: ManagerStatus,
  processes: readonly ProcessInfo[],
  tasks: readonly TaskInfo[],
): string {
  const each = (value: (process: ProcessInfo) => number): Sample[] =>
    processes.map((process) => [{ process: process.name }, value(process)]);
  return [
    metric('pidnap_up', 'gauge', 'The manager answers.', [[{ version: status.version }, 1]]),
    metric('pidnap_ready', 'gauge', 'All is ready.', [[{}, Number(status.ready)]]),
    metric('pidnap_uptime_seconds', 'gauge', 'Since the manager started.', [[{}, status.uptimeMs / 1000]]),
    metric('pidnap_resident_memory_bytes', 'gauge', 'Of the manager.', [[{}, status.rssBytes]]),
    metric('pidnap_events_total', 'counter', 'Events emitted.', [[{}, status.cursor]]),
    metric('pidnap_process_state', 'gauge', '1 for the state a process is in.', states('process', processes)),
    metric('pidnap_task_state', 'gauge', '1 for the state a task is in.', states('task', tasks)),
    metric(
      'pidnap_process_ready',
      'gauge',
      'The process is ready.',
      each(({ ready }) => Number(ready)),
    ),
    metric(
      'pidnap_process_restarts_total',
      'counter',
      'Starts after the first.',
      each(({ restarts }) => restarts),
    ),
    metric(
      'pidnap_process_uptime_seconds',
      'gauge',
      'Of the current run.',
      each(({ uptimeMs }) => (uptimeMs ?? 0) / 1000),
    ),
    metric(
      'pidnap_process_cpu_seconds',
      'gauge',
      'Used by the process group of the current run.',
      each(({ usage }) => usage?.cpuSeconds ?? 0),
    ),
    metric(
      'pidnap_process_resident_memory_bytes',
      'gauge',
      'Of the process group.',
      each(({ usage }) => usage?.rssBytes ?? 0),
    ),
    metric(
      'pidnap_process_log_bytes_total',
      'counter',
      'Written to its log.',
      each(({ logBytes }) => logBytes),
    ),
    metric(
      'pidnap_process_log_dropped_bytes_total',
      'counter',
      'Lost because its log could not be written.',
      each(({ logDroppedBytes }) => logDroppedBytes),
    ),
  ].join('');
}

function states(label: 'process' | 'task', units: readonly (ProcessInfo | TaskInfo)[]): Sample[] {
  return units.flatMap((unit) =>
    processStates.map((state): Sample => [{ [label]: unit.name, state }, Number(unit.state === state)]),
  );
}

function metric(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `${name}${format(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

/** Names and versions hold nothing that would need escaping; the configuration sees to that. */
function format(labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
