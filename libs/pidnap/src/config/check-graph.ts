import type { ConfigIssue } from './config-issues.js';
import type { UnitSpec } from './spec.js';

/** Dependencies that cannot ever be met: unknown names, impossible conditions, cycles. */
export function checkGraph(units: ReadonlyMap<string, UnitSpec>): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  for (const unit of units.values()) {
    const path = `${unit.kind === 'task' ? 'tasks' : 'processes'}.${unit.name}.dependsOn`;
    for (const { name, condition } of unit.dependsOn) {
      const target = units.get(name);
      if (target === undefined) {
        issues.push({ path, message: `there is no task or process "${name}"` });
      } else if (condition === 'completed' && target.kind === 'process' && target.restart === 'always') {
        issues.push({
          path,
          message: `"${name}" never completes: its restart policy is always (use on-failure or never)`,
        });
      } else if (condition === 'healthy' && target.kind === 'task') {
        issues.push({ path, message: `"${name}" is a task: wait for it to be completed or started` });
      }
    }
  }
  const cycle = findCycle(units);
  if (cycle)
    issues.push({ path: 'dependsOn', message: `the dependencies form a cycle: ${cycle.join(' → ')}` });
  return issues;
}

/** The names on the first cycle found, its first name repeated at the end. */
function findCycle(units: ReadonlyMap<string, UnitSpec>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (name: string): string[] | undefined => {
    const start = path.indexOf(name);
    if (start >= 0) return [...path.slice(start), name];
    if (done.has(name)) return undefined;
    path.push(name);
    for (const dependency of units.get(name)?.dependsOn ?? []) {
      const cycle = visit(dependency.name);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(name);
    return undefined;
  };
  for (const name of units.keys()) {
    const cycle = visit(name);
    if (cycle) return cycle;
  }
  return undefined;
}
