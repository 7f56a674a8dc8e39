import type { Condition } from './config.js';

/** A configuration with every default applied and every path absolute: what the engine works with. */
export interface Spec {
  readonly http: HttpSpec | null;
  readonly logDir: string;
  /** The file it was read from; `null` when it was passed as an object. */
  readonly configFile: string | null;
  readonly env: Readonly<Record<string, string>>;
  readonly envFiles: readonly string[];
  readonly logs: LogSpec;
  /** Tasks first, both in the order of the configuration. */
  readonly units: ReadonlyMap<string, UnitSpec>;
}

export interface HttpSpec {
  readonly host: string;
  readonly port: number;
  readonly token: string | null;
  readonly socket: string | null;
  readonly allowedHosts: readonly string[];
}

export interface LogSpec {
  readonly timestamps: boolean;
  readonly maxBytes: number;
  readonly keep: number;
  readonly flushAfter: number;
}

export interface Dependency {
  readonly name: string;
  readonly condition: Condition;
}

export interface ProbeSpec {
  readonly check:
    | { readonly type: 'http'; readonly url: string }
    | { readonly type: 'tcp'; readonly host: string; readonly port: number }
    | { readonly type: 'exec'; readonly argv: readonly [string, ...string[]] }
    | { readonly type: 'log'; readonly source: string; readonly flags: string };
  readonly initialDelay: number;
  /** Until it passes for the first time. */
  readonly firstInterval: number;
  readonly interval: number;
  readonly timeout: number;
  readonly failureThreshold: number;
  readonly successThreshold: number;
}

export type ProbeKind = 'startup' | 'readiness' | 'liveness';

/** A task or a process; a task is a process that runs once. */
export interface UnitSpec {
  readonly kind: 'task' | 'process';
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly inheritProcessEnv: boolean | readonly string[];
  readonly inheritGlobalEnv: boolean;
  readonly envFiles: readonly string[];
  /** `null`: an env change never restarts it. */
  readonly reloadDelay: number | null;
  readonly dependsOn: readonly Dependency[];
  readonly logs: LogSpec;
  readonly logFile: string;
  readonly user: {
    readonly uid: number;
    readonly gid: number;
    readonly name: string;
    readonly home: string;
  } | null;
  readonly stopSignal: NodeJS.Signals;
  readonly stopTimeout: number;
  /** Of a task; `null` is no limit. */
  readonly timeout: number | null;
  readonly autoStart: boolean;
  readonly probes: { readonly [kind in ProbeKind]?: ProbeSpec };
  readonly restart: 'always' | 'on-failure' | 'never';
  readonly backoff: {
    readonly initial: number;
    readonly factor: number;
    readonly max: number;
    readonly jitter: number;
  };
  readonly minUptime: number;
  readonly crashLoop: {
    readonly failures: number;
    readonly window: number;
    readonly retryEvery: number;
  } | null;
  readonly schedule: {
    readonly cron: string;
    readonly timeZone: string | null;
    readonly runOnStart: boolean;
  } | null;
  readonly critical: boolean;
}
