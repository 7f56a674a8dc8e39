/** A program to keep running: an absolute path and its arguments. */
export interface Service {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
}

/**
 * What happens to the output. `any`: what the supervisor does by itself. `stamped`: into files with rotation
 * and a time stamp per line, as far as the supervisor can. `raw`: into files, bytes as they come.
 */
export type LogMode = 'any' | 'stamped' | 'raw';

export interface Job {
  /** An empty directory for everything the supervisor writes. */
  readonly directory: string;
  readonly services: readonly Service[];
  readonly logs: LogMode;
}

export interface RunningSupervisor {
  /** The supervisor's first process; what descends from it and is no service is its own. */
  readonly pid: number;
  /** Where the output of a service is, oldest file first. */
  logFiles(service: string): string[];
  /** Asks for a graceful end of everything; resolves when the first process is gone. */
  stop(): Promise<void>;
}

/** One supervisor under test: it must start each service at once and again at once whenever it ends. */
export interface SupervisorAdapter {
  readonly name: string;
  /** How it is set up, for the report. */
  readonly setup: string;
  /** What it does not do in each log mode, for the report. */
  readonly logNotes: Readonly<Record<'stamped' | 'raw', string>>;
  /** The command that installs it. */
  readonly install: string;
  /** Its version; undefined when it is not installed. */
  version(): Promise<string | undefined>;
  start(job: Job): RunningSupervisor;
}
