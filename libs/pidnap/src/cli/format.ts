import Table from 'cli-table3';
import colors from 'picocolors';
import type { ProcessState } from '../protocol/process-state.js';

const stateColors: { readonly [State in ProcessState]: (text: string) => string } = {
  idle: colors.dim,
  waiting: colors.yellow,
  starting: colors.yellow,
  running: colors.cyan,
  ready: colors.green,
  backoff: colors.yellow,
  'crash-loop': colors.red,
  stopping: colors.yellow,
  stopped: colors.dim,
  completed: colors.green,
  failed: colors.red,
};

export function formatState(state: ProcessState): string {
  return stateColors[state](state);
}

/** Columns without borders. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const border = { top: '', bottom: '', left: '', right: '', mid: '', middle: '  ' };
  const table = new Table({
    head: head.map((title) => colors.bold(title)),
    chars: {
      ...border,
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      'left-mid': '',
      'mid-mid': '',
      'right-mid': '',
    },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Two units are enough to know: `45s`, `3m 12s`, `2h 5m`, `8d 3h`. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return '-';
  const total = Math.floor(ms / 1000);
  const [days, hours, minutes, rest] = [
    Math.floor(total / 86_400),
    Math.floor(total / 3600) % 24,
    Math.floor(total / 60) % 60,
    total % 60,
  ];
  if (days > 0) return `${days}d ${hours}h`;
  if (hours > 0) return `${hours}h ${minutes}m`;
  return minutes > 0 ? `${minutes}m ${rest}s` : `${rest}s`;
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}
