import type { Unit } from './unit.js';

/** What keeps a manager from being ready, one sentence each. Scheduled and unwanted processes do not count. */
export function notReady(units: Iterable<Unit>): string[] {
  const missing: string[] = [];
  for (const { name, spec, state, desired, reason } of units) {
    const counts = spec.kind === 'task' || (desired === 'running' && spec.schedule === null);
    if (!counts || state === 'ready' || state === 'completed') continue;
    missing.push(`${name} is ${state}${reason ? ` (${reason.message})` : ''}`);
  }
  return missing;
}
