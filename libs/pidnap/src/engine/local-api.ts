import type { Spec } from '../config/spec.js';
import { maskEnv } from '../env/effective-env.js';
import { followLogs, type LogSource } from '../logs/follow-log.js';
import { PidnapError } from '../pidnap-error.js';
import { UsageReader } from '../process/usage.js';
import type { DetailOptions, EventQuery, LogQuery, PidnapApi } from '../protocol/api.js';
import type { PidnapEvent } from '../protocol/events.js';
import type { LogLine, ManagerStatus, StateReason } from '../protocol/info.js';
import { isAlive, type ProcessState } from '../protocol/process-state.js';
import { waitReady } from '../protocol/wait-ready.js';
import { version } from '../version.js';
import type { Supervisor } from './supervisor.js';
import type { Unit } from './unit.js';
import { type InfoContext, processInfo, taskInfo } from './unit-info.js';

const onRequest: StateReason = { code: 'request', message: 'on request' };

/**
 * The manager's own body of the API.
 *
 * @param readSpec Reads the configuration again; without it a reload is refused.
 */
export function localApi(supervisor: Supervisor, readSpec?: () => Promise<Spec>): PidnapApi {
  const usage = new UsageReader();
  const context: InfoContext = {
    stateOf: (name) => supervisor.unit(name)?.state,
    usageOf: (pgid) => usage.read(pgid),
    nextRun: (name) => supervisor.scheduler.next(name),
  };
  const find = (kind: 'process' | 'task', name: string): Unit => {
    const unit = supervisor.unit(name);
    if (unit?.spec.kind === kind) return unit;
    const hint = unit ? `; it is a ${unit.spec.kind}` : '';
    throw new PidnapError('not-found', `There is no ${kind} "${name}"${hint}.`, { details: { name } });
  };
  const accepting = (): void => {
    if (supervisor.state === 'stopping') throw new PidnapError('conflict', 'The manager is stopping.');
  };
  const env = (unit: Unit, options?: DetailOptions): Readonly<Record<string, string>> => {
    const values = supervisor.envOf(unit.spec);
    return options?.showSecrets ? values : maskEnv(values);
  };

  const logs = (names: readonly string[], query?: LogQuery): AsyncIterable<LogLine> => {
    const hubs = names.includes('pidnap') ? [supervisor.output, supervisor.log.lines] : [supervisor.output];
    // Without names it is all services, those included that a reload adds later.
    const live = { hubs, names: names.length === 0 ? null : names };
    return followLogs(sources(supervisor, names), live, query);
  };

  const api: PidnapApi = {
    status: async () => status(supervisor),
    processes: {
      list: async () => supervisor.units('process').map((unit) => processInfo(unit, context)),
      get: async (name, options) => {
        const unit = find('process', name);
        return { ...processInfo(unit, context), env: env(unit, options) };
      },
      start: async (name) => {
        await supervisor.whenReloaded();
        accepting();
        const unit = find('process', name);
        unit.start(onRequest);
        return processInfo(unit, context);
      },
      stop: async (name) => {
        await supervisor.whenReloaded();
        const unit = find('process', name);
        await unit.stop(onRequest);
        return processInfo(unit, context);
      },
      restart: async (name) => {
        await supervisor.whenReloaded();
        accepting();
        const unit = find('process', name);
        await unit.restart(onRequest);
        return processInfo(unit, context);
      },
      logs: (name, query) => logs([find('process', name).name], query),
    },
    tasks: {
      list: async () => supervisor.units('task').map((unit) => taskInfo(unit, context)),
      get: async (name, options) => {
        const unit = find('task', name);
        return { ...taskInfo(unit, context), env: env(unit, options) };
      },
      run: async (name) => {
        await supervisor.whenReloaded();
        accepting();
        const unit = find('task', name);
        if (isAlive(unit.state)) throw new PidnapError('conflict', `The task ${name} is running.`);
        unit.start(onRequest);
        return taskInfo(unit, context);
      },
      logs: (name, query) => logs([find('task', name).name], query),
    },
    logs,
    events: (query) =>
      query?.until === 'ready' ? untilReady(supervisor, query) : supervisor.bus.read(query),
    reload: async () => {
      if (!readSpec)
        throw new PidnapError('conflict', 'This manager was started without a configuration file.');
      return supervisor.apply(await readSpec());
    },
    waitReady: (names, options) => waitReady(api, names, options),
  };
  return api;
}

async function* untilReady(supervisor: Supervisor, query: EventQuery): AsyncGenerator<PidnapEvent> {
  const { bus } = supervisor;
  // What has happened until then is delivered before the end.
  const isOver = (cursor: number) => cursor >= bus.cursor && isReady(supervisor);
  if (isOver(query.cursor ?? bus.cursor)) return;
  for await (const event of bus.read(query)) {
    yield event;
    if (isOver(event.id)) return;
  }
}

function isReady({ state, notReady }: Supervisor): boolean {
  return state === 'running' && notReady.length === 0;
}

function sources(supervisor: Supervisor, names: readonly string[]): LogSource[] {
  if (names.length === 0) {
    return [...supervisor.units('task'), ...supervisor.units('process')].map(logSource);
  }
  return names.map((name) => {
    const unit = supervisor.unit(name);
    if (unit) return logSource(unit);
    if (name === 'pidnap') return { name, kind: 'manager', path: supervisor.log.path };
    throw new PidnapError('not-found', `There is no process or task "${name}".`, { details: { name } });
  });
}

function logSource({ name, spec }: Unit): LogSource {
  return { name, kind: spec.kind, path: spec.logFile };
}

function status(supervisor: Supervisor): ManagerStatus {
  const { instance, state, startedAt, uptimeMs, notReady, spec, bus } = supervisor;
  return {
    version,
    instance,
    pid: process.pid,
    state,
    ready: isReady(supervisor),
    notReady,
    startedAt,
    uptimeMs,
    configFile: spec.configFile,
    logDir: spec.logDir,
    rssBytes: process.memoryUsage.rss(),
    cursor: bus.cursor,
    processes: countStates(supervisor.units('process')),
    tasks: countStates(supervisor.units('task')),
  };
}

function countStates(units: readonly Unit[]): { [State in ProcessState]?: number } {
  const counts: { [State in ProcessState]?: number } = {};
  for (const { state } of units) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}
