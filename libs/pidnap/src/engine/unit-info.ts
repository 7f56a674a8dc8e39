import type { ProcessInfo, ResourceUsage, TaskInfo } from '../protocol/info.js';
import type { ProcessState } from '../protocol/process-state.js';
import { isSatisfied } from './dependency-gate.js';
import type { Unit } from './unit.js';

/** What of a unit's surroundings its description needs. */
export interface InfoContext {
  readonly stateOf: (name: string) => ProcessState | undefined;
  readonly usageOf: (pgid: number) => ResourceUsage | null;
  /** ISO time of the next scheduled run. */
  readonly nextRun: (name: string) => string | null;
}

type Shared = Omit<TaskInfo, 'kind'>;

function shared(unit: Unit, context: InfoContext): Shared {
  const { spec } = unit;
  return {
    name: unit.name,
    state: unit.state,
    reason: unit.reason,
    since: unit.since,
    pid: unit.pid,
    startedAt: unit.startedAt,
    uptimeMs: unit.uptimeMs,
    lastExit: unit.lastExit,
    dependsOn: spec.dependsOn.map(({ name, condition }) => {
      const state = context.stateOf(name);
      return { name, condition, satisfied: state !== undefined && isSatisfied(condition, state) };
    }),
    command: spec.argv,
    cwd: spec.cwd,
    logFile: spec.logFile,
  };
}

export function taskInfo(unit: Unit, context: InfoContext): TaskInfo {
  return { kind: 'task', ...shared(unit, context) };
}

export function processInfo(unit: Unit, context: InfoContext): ProcessInfo {
  const { spec } = unit;
  const { written, dropped } = unit.log.bytes;
  const scheduled = unit.desired === 'running' ? context.nextRun(unit.name) : null;
  return {
    kind: 'process',
    ...shared(unit, context),
    desired: unit.desired,
    ready: unit.state === 'ready',
    restarts: unit.restarts,
    consecutiveFailures: unit.consecutiveFailures,
    nextStartAt: unit.retryAt ?? scheduled,
    envReloadAt: unit.envReloadAt,
    probes: unit.probes,
    critical: spec.critical,
    restart: spec.restart,
    schedule: spec.schedule?.cron ?? null,
    logBytes: written,
    logDroppedBytes: dropped,
    usage: unit.pid === null ? null : context.usageOf(unit.pid),
  };
}
