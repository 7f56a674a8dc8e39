import type { Service } from '../../src/api.js';

const tones: Readonly<Record<Service['state'], 'good' | 'busy' | 'warn' | 'bad' | 'off'>> = {
  ready: 'good',
  completed: 'good',
  waiting: 'busy',
  starting: 'busy',
  running: 'busy',
  stopping: 'busy',
  backoff: 'warn',
  unknown: 'warn',
  'crash-loop': 'bad',
  failed: 'bad',
  idle: 'off',
  stopped: 'off',
};

/** A state in words and colour. */
export function StateBadge({ state }: { state: Service['state'] }) {
  return <span class={`badge ${tones[state]}`}>{state}</span>;
}
