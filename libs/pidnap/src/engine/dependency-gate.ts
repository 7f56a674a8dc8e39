import type { Dependency } from '../config/spec.js';
import type { ProcessState } from '../protocol/process-state.js';
import type { Gate } from './unit-host.js';

/** What a gate looks at. */
interface Target {
  readonly name: string;
  readonly state: ProcessState;
  readonly reason: { readonly message: string } | null;
}

const started: ReadonlySet<ProcessState> = new Set(['starting', 'running', 'ready', 'completed']);

/** Whether a condition holds of a unit in this state. */
export function isSatisfied(condition: Dependency['condition'], state: ProcessState): boolean {
  if (condition === 'started') return started.has(state);
  return state === (condition === 'healthy' ? 'ready' : 'completed');
}

/** Whether the dependencies allow a start; a failed one blocks it until it gets another chance. */
export function checkGate(
  dependsOn: readonly Dependency[],
  find: (name: string) => Target | undefined,
): Gate {
  const unmet: string[] = [];
  for (const { name, condition } of dependsOn) {
    const target = find(name);
    if (target && isSatisfied(condition, target.state)) continue;
    const why = target?.reason ? `: ${target.reason.message}` : '';
    if (target?.state === 'failed') return { type: 'blocked', message: `${name} failed${why}` };
    unmet.push(`${name} to be ${condition} (it is ${target?.state ?? 'unknown'})`);
  }
  return unmet.length === 0 ? { type: 'open' } : { type: 'wait', message: `waits for ${unmet.join(', ')}` };
}
