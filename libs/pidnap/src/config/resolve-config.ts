import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { checkGraph } from './check-graph.js';
import { checkSchedule } from './check-schedule.js';
import type { Condition, DependsOn, LogConfig, PidnapConfig, ProcessConfig, TaskConfig } from './config.js';
import { type ConfigIssue, fromZodIssues, invalidConfig } from './config-issues.js';
import { findUser } from './find-user.js';
import { isLoopback } from './is-loopback.js';
import { resolveCommand } from './resolve-command.js';
import { resolveProbe } from './resolve-probe.js';
import { configSchema } from './schema.js';
import type { Dependency, HttpSpec, LogSpec, Spec, UnitSpec } from './spec.js';

/** Where a configuration comes from. */
export interface ConfigOrigin {
  readonly configFile: string | null;
  /** Relative paths start here. */
  readonly baseDir: string;
  /** The manager's environment, for the token and the home directory. */
  readonly processEnv: Readonly<NodeJS.ProcessEnv>;
}

/**
 * Validates a configuration and applies the defaults. Nothing of it is used before all of it is valid.
 *
 * @throws PidnapError `config-invalid` with every finding in `details.issues`
 */
export function resolveConfig(input: unknown, origin: ConfigOrigin): Spec {
  const parsed = configSchema.safeParse(input);
  if (!parsed.success) {
    throw invalidConfig(fromZodIssues(parsed.error.issues), origin.configFile);
  }
  const config = parsed.data as PidnapConfig;
  const issues: ConfigIssue[] = [];
  const spec = build(config, origin, issues);
  issues.push(...checkGraph(spec.units));
  if (issues.length > 0) throw invalidConfig(issues, origin.configFile);
  return spec;
}

function build(config: PidnapConfig, origin: ConfigOrigin, issues: ConfigIssue[]): Spec {
  const path = (value: string): string => resolvePath(value, origin);
  const logDir = path(config.logDir ?? '/var/log/pidnap');
  const logs = resolveLogs(config.logs, {
    timestamps: true,
    maxBytes: 10_485_760,
    keep: 5,
    flushAfter: 1000,
  });
  const units = new Map<string, UnitSpec>();
  const taskNames = new Set(Object.keys(config.tasks ?? {}));
  let previous: string | undefined;
  for (const [name, task] of Object.entries(config.tasks ?? {})) {
    const fallback = previous === undefined ? [] : [previous];
    units.set(name, {
      ...common('task', name, task, fallback),
      ...processDefaults,
      restart: 'never',
      timeout: task.timeout ?? null,
    });
    previous = name;
  }
  for (const [name, process] of Object.entries(config.processes ?? {})) {
    if (taskNames.has(name)) {
      issues.push({ path: `processes.${name}`, message: 'a task has this name; names are unique' });
      continue;
    }
    units.set(name, { ...common('process', name, process, []), ...processOptions(name, process, issues) });
  }
  return {
    http: resolveHttp(config, origin, issues),
    logDir,
    configFile: origin.configFile,
    env: config.env ?? {},
    envFiles: list(config.envFile).map(path),
    logs,
    units,
  };

  function common(
    kind: UnitSpec['kind'],
    name: string,
    unit: TaskConfig | ProcessConfig,
    fallback: DependsOn,
  ): Omit<UnitSpec, keyof typeof processDefaults | 'restart' | 'timeout'> {
    const at = `${kind === 'task' ? 'tasks' : 'processes'}.${name}`;
    return {
      kind,
      name,
      argv: resolveCommand(unit.command),
      cwd: path(unit.cwd ?? '.'),
      env: unit.env ?? {},
      inheritProcessEnv: unit.envOptions?.inheritProcessEnv ?? true,
      inheritGlobalEnv: unit.envOptions?.inheritGlobalEnv ?? true,
      envFiles: list(unit.envOptions?.envFile).map(path),
      reloadDelay: resolveReloadDelay(unit.envOptions?.reloadDelay),
      dependsOn: resolveDependencies(unit.dependsOn ?? fallback, taskNames),
      logs: resolveLogs(unit.logs, logs),
      logFile: join(logDir, kind === 'task' ? 'tasks' : 'process', `${name}.log`),
      user: unit.user === undefined ? null : findUser(unit.user, `${at}.user`, issues),
      stopSignal: unit.stopSignal ?? 'SIGTERM',
      stopTimeout: unit.stopTimeout ?? 10_000,
    };
  }
}

const processDefaults = {
  autoStart: true,
  probes: {},
  backoff: { initial: 200, factor: 2, max: 30_000, jitter: 0.2 },
  minUptime: 10_000,
  crashLoop: { failures: 8, window: 120_000, retryEvery: 60_000 },
  schedule: null,
  critical: false,
} satisfies Partial<UnitSpec>;

function processOptions(
  name: string,
  process: ProcessConfig,
  issues: ConfigIssue[],
): Pick<UnitSpec, keyof typeof processDefaults | 'restart' | 'timeout'> {
  const { schedule, probes = {}, backoff, crashLoop } = process;
  if (schedule) issues.push(...checkSchedule(schedule, `processes.${name}.schedule`));
  return {
    timeout: null,
    autoStart: process.autoStart ?? true,
    probes: {
      ...(probes.startup && { startup: resolveProbe(probes.startup, 'startup') }),
      ...(probes.readiness && { readiness: resolveProbe(probes.readiness, 'readiness') }),
      ...(probes.liveness && { liveness: resolveProbe(probes.liveness, 'liveness') }),
    },
    restart: process.restart ?? (schedule ? 'never' : 'always'),
    backoff: { ...processDefaults.backoff, ...defined(backoff) },
    minUptime: process.minUptime ?? processDefaults.minUptime,
    crashLoop: crashLoop === false ? null : { ...processDefaults.crashLoop, ...defined(crashLoop) },
    schedule: schedule
      ? { cron: schedule.cron, timeZone: schedule.timeZone ?? null, runOnStart: schedule.runOnStart ?? false }
      : null,
    critical: process.critical ?? false,
  };
}

function resolveHttp(config: PidnapConfig, origin: ConfigOrigin, issues: ConfigIssue[]): HttpSpec | null {
  if (config.http === false) return null;
  const { host = '127.0.0.1', port = 9876, socket, allowedHosts = [] } = config.http ?? {};
  const token = config.http?.token ?? (origin.processEnv.PIDNAP_TOKEN || null);
  if (token !== null && token.length < 16) {
    issues.push({ path: 'http.token', message: 'the token in PIDNAP_TOKEN has fewer than 16 characters' });
  }
  if (socket === undefined && !isLoopback(host) && token === null) {
    issues.push({
      path: 'http.host',
      message: `"${host}" can be reached from outside: set http.token or PIDNAP_TOKEN, or listen on 127.0.0.1`,
    });
  }
  return {
    host,
    port,
    token,
    socket: socket === undefined ? null : resolvePath(socket, origin),
    allowedHosts,
  };
}

function resolvePath(value: string, origin: ConfigOrigin): string {
  if (value === '~' || value.startsWith('~/'))
    return join(origin.processEnv.HOME ?? homedir(), value.slice(1));
  return isAbsolute(value) ? value : resolve(origin.baseDir, value);
}

function resolveDependencies(dependsOn: DependsOn, tasks: ReadonlySet<string>): Dependency[] {
  if (Array.isArray(dependsOn)) {
    return (dependsOn as readonly string[]).map((name) => ({
      name,
      condition: tasks.has(name) ? 'completed' : 'healthy',
    }));
  }
  return Object.entries(dependsOn as Readonly<Record<string, Condition>>).map(([name, condition]) => ({
    name,
    condition,
  }));
}

function resolveReloadDelay(delay: number | boolean | undefined): number | null {
  if (delay === false) return null;
  return delay === true ? 0 : (delay ?? 5000);
}

function resolveLogs(config: LogConfig | undefined, defaults: LogSpec): LogSpec {
  return { ...defaults, ...defined(config) };
}

/** Without the keys that are explicitly undefined, which would hide a default. */
function defined<T extends object>(value: T | undefined): T | undefined {
  return value && (Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T);
}

function list(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}
