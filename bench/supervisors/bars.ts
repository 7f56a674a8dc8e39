import type { Figure } from './measurement.js';

/** What pidnap is to reach, in the unit of the figure. */
export const bars: Readonly<Record<string, number>> = {
  'rss-10': 60,
  restart: 5,
  'start-50': 350,
  'stop-50': 50,
  'log-stamped-time': 8,
  'log-stamped-cpu': 3,
  'log-stamped-damage': 0,
  'log-raw-time': 5,
  'log-raw-cpu': 1,
  'log-raw-damage': 0,
  'idle-cpu-50-probes': 0.5,
  'env-event': 150,
  'env-delay-error': 50,
  'rss-growth': 5,
};

/** Whether a figure of pidnap is within its bar; undefined for the peers and for what has no bar. */
export function meetsBar({ supervisor, name, value }: Figure): boolean | undefined {
  const bar = bars[name];
  return supervisor === 'pidnap' && bar !== undefined ? value <= bar : undefined;
}
