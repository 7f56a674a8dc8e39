/** A shell command line (run by `/bin/sh -c`), or a program and its arguments (run as they are). */
export type Command = string | readonly [string, ...string[]];

/** What must hold of a dependency before a start. */
export type Condition = 'started' | 'healthy' | 'completed';

/**
 * Names of tasks and processes, or names with the condition to wait for. Without one it is `completed` for
 * a task and `healthy` for a process.
 */
export type DependsOn = readonly string[] | { readonly [name: string]: Condition };

/** How a process gets its environment. */
export interface EnvOptions {
  /**
   * Start from the manager's own environment: all of it, these names of it, or only the basics
   * (`PATH HOME USER LOGNAME SHELL LANG TZ TMPDIR`) when false. `PIDNAP_*` is never passed on.
   * @default true
   */
  readonly inheritProcessEnv?: boolean | readonly string[];
  /** Add the global `env` and `envFile`. @default true */
  readonly inheritGlobalEnv?: boolean;
  /** Own dotenv file or files, watched; later ones win. `~` is the home directory. */
  readonly envFile?: string | readonly string[];
  /**
   * When an env file changes what this process would get: restart after so many ms without a further
   * change, at once (`true`), or never (`false`).
   * @default 5000
   */
  readonly reloadDelay?: number | boolean;
}

/** When and how often a probe checks; the names and meanings are those of Kubernetes. All times in ms. */
export interface ProbeTiming {
  /** Before the first check. @default 0 */
  readonly initialDelay?: number;
  /** Between checks. @default 10_000, and 250 until the probe has passed for the first time */
  readonly interval?: number;
  /** After which a check counts as failed. @default 1000 */
  readonly timeout?: number;
  /** Failures in a row until the verdict is "failed". @default 3, for startup 120 */
  readonly failureThreshold?: number;
  /** Successes in a row until the verdict is "passed". @default 1 */
  readonly successThreshold?: number;
}

/** A GET request; passes on a 2xx or 3xx status (redirects are not followed). */
export interface HttpProbe extends ProbeTiming {
  /** A URL, or a port on 127.0.0.1 with a path. */
  readonly http: string | { readonly port: number; readonly host?: string; readonly path?: string };
}
/** A TCP connection; passes when it is accepted. */
export interface TcpProbe extends ProbeTiming {
  readonly tcp: number | { readonly port: number; readonly host?: string };
}
/** A command with the environment and directory of the process; passes on exit code 0. */
export interface ExecProbe extends ProbeTiming {
  readonly exec: Command;
}
/** A line of its output that matches this regular expression; passes once and stays passed for the run. */
export interface LogProbe extends ProbeTiming {
  readonly log: string | RegExp;
}
export type ProbeConfig = HttpProbe | TcpProbe | ExecProbe | LogProbe;

/** What probes decide, as in Kubernetes. */
export interface ProbesConfig {
  /** Holds back the other two until it passes; its failure restarts the process. */
  readonly startup?: ProbeConfig;
  /** Decides between `running` and `ready`; never restarts. */
  readonly readiness?: ProbeConfig;
  /** Its failure restarts the process. A log line cannot show liveness. */
  readonly liveness?: HttpProbe | TcpProbe | ExecProbe;
}

/** Delays between a failure and the next start. */
export interface BackoffConfig {
  /** First delay in ms; 0 restarts at once. @default 200 */
  readonly initial?: number;
  /** @default 2 */
  readonly factor?: number;
  /** Longest delay in ms. @default 30_000 */
  readonly max?: number;
  /** Random share added or taken, 0 to 1. @default 0.2 */
  readonly jitter?: number;
}

/** When failures become a crash loop. */
export interface CrashLoopConfig {
  /** This many failed runs shorter than `minUptime`… @default 8 */
  readonly failures?: number;
  /** …within so many ms. @default 120_000 */
  readonly window?: number;
  /** Then one try every so many ms. @default 60_000 */
  readonly retryEvery?: number;
}

/** Where output goes. */
export interface LogConfig {
  /**
   * Each line as `<ISO time> <stdout|stderr> <F|P> <text>` (the CRI format; `P` marks a line that had not
   * ended). `false` writes the bytes as they come, which costs a third of the CPU.
   * @default true
   */
  readonly timestamps?: boolean;
  /** Rotate before a file grows past so many bytes. @default 10_485_760 */
  readonly maxBytes?: number;
  /** Rotated files to keep beside the current one. @default 5 */
  readonly keep?: number;
  /**
   * Write an unfinished line after so many ms of silence. Shorter shows a prompt sooner, and cuts lines of a
   * writer that a busy machine leaves waiting in the middle of one.
   * @default 1000
   */
  readonly flushAfter?: number;
}

/** Runs at times instead of always; the restart policy does not apply between runs. */
export interface ScheduleConfig {
  /** Cron expression with 5 or 6 fields. A run still going when the next is due is left alone. */
  readonly cron: string;
  /** IANA name. @default the machine's */
  readonly timeZone?: string;
  /** Also run once when the manager starts. @default false */
  readonly runOnStart?: boolean;
}

interface UnitConfig {
  readonly command: Command;
  /** `~` is the home directory. @default the directory of the config file */
  readonly cwd?: string;
  /** Own variables; they win over the global ones, and the own `envFile` over them. */
  readonly env?: Readonly<Record<string, string>>;
  readonly envOptions?: EnvOptions;
  readonly dependsOn?: DependsOn;
  readonly logs?: LogConfig;
  /** Run as this user of /etc/passwd (name or uid) and its group. The manager must be root. */
  readonly user?: string | number;
  /** Sent to the process group to end it. @default 'SIGTERM' */
  readonly stopSignal?: NodeJS.Signals;
  /** After so many ms what is left of the group gets SIGKILL. @default 10_000 */
  readonly stopTimeout?: number;
}

/** Runs once and must end with exit code 0. Without `dependsOn` it follows the task listed before it. */
export interface TaskConfig extends UnitConfig {
  /** Ends it as failed after so many ms. @default none */
  readonly timeout?: number;
}

/** A supervised process. */
export interface ProcessConfig extends UnitConfig {
  /** Start with the manager. @default true */
  readonly autoStart?: boolean;
  readonly probes?: ProbesConfig;
  /** Death by signal is a failure. @default 'always', with a `schedule` 'never' */
  readonly restart?: 'always' | 'on-failure' | 'never';
  readonly backoff?: BackoffConfig;
  /** A run this long (ms) is a success as far as backoff and crash loops go. @default 10_000 */
  readonly minUptime?: number;
  /** `false` never gives up on fast retries. */
  readonly crashLoop?: CrashLoopConfig | false;
  readonly schedule?: ScheduleConfig;
  /** When it ends for good, fails for good or loops, the manager stops everything and exits with its code. @default false */
  readonly critical?: boolean;
}

/** The API's listener. */
export interface HttpConfig {
  /** An address that is not loopback needs a token. @default '127.0.0.1' */
  readonly host?: string;
  /** 0 picks a free one. @default 9876 */
  readonly port?: number;
  /** Bearer token, at least 16 characters. @default the variable PIDNAP_TOKEN */
  readonly token?: string;
  /** Listen on this unix socket (mode 0600) instead of a port. */
  readonly socket?: string;
  /** Further names that the Host header may have, beside localhost and `host`. */
  readonly allowedHosts?: readonly string[];
}

/** The whole configuration, as a `pidnap.config.*` file exports it. */
export interface PidnapConfig {
  /** `false` serves no API; the CLI then has nothing to talk to. */
  readonly http?: HttpConfig | false;
  /** Absolute, or relative to the config file. @default '/var/log/pidnap' */
  readonly logDir?: string;
  /** Variables for every task and process that inherits the global env. */
  readonly env?: Readonly<Record<string, string>>;
  /** Dotenv file or files with variables for all, watched; they win over `env`. A missing one counts as empty. */
  readonly envFile?: string | readonly string[];
  /** Defaults for the logs of all. */
  readonly logs?: LogConfig;
  readonly tasks?: { readonly [name: string]: TaskConfig };
  readonly processes?: { readonly [name: string]: ProcessConfig };
}
