import { setTimeout as sleep } from 'node:timers/promises';
import { PidnapError } from '../pidnap-error.js';
import type { PidnapApi, WaitOptions } from './api.js';
import type { ProcessInfo, TaskInfo } from './info.js';

/** Between two looks at the manager; a look costs one small request. */
const pollMs = 50;

/** The one implementation of `PidnapApi.waitReady`, for the manager and for the client. */
export async function waitReady(
  api: Pick<PidnapApi, 'processes' | 'tasks'>,
  names?: readonly string[],
  options: WaitOptions = {},
): Promise<void> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const all = [...(await api.tasks.list()), ...(await api.processes.list())];
    const pending = select(all, names).filter((unit) => !isReady(unit));
    if (pending.length === 0) return;
    const lost = pending.find(isLost);
    if (lost) {
      throw new PidnapError(
        'failed',
        `${describe(lost)}. It does not become ready by itself; see ${lost.logFile}.`,
        {
          details: { name: lost.name, state: lost.state },
        },
      );
    }
    if (performance.now() >= deadline) {
      throw new PidnapError(
        'timeout',
        `Not ready after ${timeoutMs} ms: ${pending.map(describe).join('; ')}.`,
        {
          details: { pending: pending.map(({ name, state }) => ({ name, state })) },
        },
      );
    }
    if (options.signal?.aborted) throw new PidnapError('aborted', 'The caller gave up waiting.');
    await sleep(pollMs);
  }
}

function select(all: (TaskInfo | ProcessInfo)[], names?: readonly string[]): (TaskInfo | ProcessInfo)[] {
  if (names === undefined || names.length === 0) return all.filter(isWanted);
  return names.map((name) => {
    const unit = all.find((candidate) => candidate.name === name);
    if (unit) return unit;
    throw new PidnapError('not-found', `There is no process or task "${name}".`, { details: { name } });
  });
}

/** Scheduled processes run now and then, so a manager is ready without them. */
function isWanted(unit: TaskInfo | ProcessInfo): boolean {
  return unit.kind === 'task' || (unit.desired === 'running' && unit.schedule === null);
}

function isReady(unit: TaskInfo | ProcessInfo): boolean {
  return unit.state === 'completed' || (unit.kind === 'process' && unit.ready);
}

function isLost(unit: TaskInfo | ProcessInfo): boolean {
  return unit.state === 'failed' || (unit.kind === 'process' && unit.desired === 'stopped');
}

function describe(unit: TaskInfo | ProcessInfo): string {
  return `${unit.kind} ${unit.name} is ${unit.state}${unit.reason ? ` (${unit.reason.message})` : ''}`;
}
