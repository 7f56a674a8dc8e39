import type { LinuxSignal } from './exit-status.js';
import type { ValidSandboxSpec } from './sandbox-spec.js';
import type { SandboxState } from './sandbox-state.js';

/** A stream of bytes; reading it slowly slows the producer. */
export type ByteStream = AsyncIterable<Uint8Array>;

/** What a provider says of one sandbox. */
export interface SandboxInfo {
  readonly id: string;
  readonly name: string;
  readonly state: SandboxState;
  /** The provider's own word for the state, for people. */
  readonly nativeState: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: Date;
  /** Last start of the main process, where the provider knows. */
  readonly startedAt?: Date;
  /** Ports that `endpoint` reaches. */
  readonly ports: readonly number[];
  readonly expiresAt?: Date;
  /** Exit code of the main process, once it has ended. */
  readonly exitCode?: number;
  /** Why the state is `failed`. */
  readonly error?: string;
}

/** How a process ended. */
export interface ExitStatus {
  /** 128 + n after signal n. */
  readonly code: number;
  /**
   * The signal, for codes 129 to 159. Engines report only the number, so a program that exits with such
   * a code by itself looks the same, as it does in a shell.
   */
  readonly signal?: LinuxSignal;
}

/** Size of a terminal in characters. */
export interface TtySize {
  readonly cols: number;
  readonly rows: number;
}

/** How to start one process inside. */
export interface SpawnOptions {
  /** @default the sandbox's working directory */
  readonly cwd?: string;
  /** Added to the sandbox's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** @default the sandbox's user */
  readonly user?: string;
  /** A terminal of this size; both outputs then arrive on `stdout`. Needs the `tty` capability. */
  readonly tty?: TtySize;
  /** Open an input stream; without it the process reads end of file. @default false */
  readonly stdin?: boolean;
  /** Ends the process inside: SIGTERM, then SIGKILL. `exit` still reports how it ended. */
  readonly signal?: AbortSignal;
}

/** The input of a process. Calls take effect in the order in which they are made, waited for or not. */
export interface ProcessInput {
  /** Resolves when more may be written; rejects when the process no longer reads. */
  write(chunk: Uint8Array): Promise<void>;
  /** End of file. */
  end(): Promise<void>;
}

/** A process inside a sandbox. Both outputs must be read: an unread one blocks the other, like a pipe. */
export interface DriverProcess {
  readonly stdout: ByteStream;
  readonly stderr: ByteStream;
  /** Present when started with `stdin: true`. */
  readonly stdin?: ProcessInput;
  /** Settles once; rejects only when the end cannot be known (the sandbox is gone). */
  readonly exit: Promise<ExitStatus>;
  /**
   * Signals the process and everything it started. Resolves when delivered; a process that has ended is no error.
   *
   * @default signal SIGTERM
   */
  kill(signal?: LinuxSignal): Promise<void>;
  /** Present when started with `tty`. */
  resize?(size: TtySize): Promise<void>;
}

/** Where a port inside can be reached from here. */
export interface Endpoint {
  /** No trailing slash. */
  readonly url: string;
  /** To be sent with every request: some providers' previews need a token. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For a browser, which cannot send `headers`: with the token in it, so a secret. @default `url` needs none */
  readonly pageUrl?: string;
  readonly expiresAt?: Date;
}

/** One line of the main process's output. */
export interface LogLine {
  readonly stream: 'stdout' | 'stderr';
  readonly time?: Date;
  readonly text: string;
}

/** Which log lines to read. */
export interface LogOptions {
  /** Keep reading until the sandbox stops. @default false */
  readonly follow?: boolean;
  /** Only the last n lines. @default all */
  readonly tail?: number;
  readonly since?: Date;
  readonly signal?: AbortSignal;
}

/** One reading of what a sandbox uses. */
export interface SandboxStats {
  readonly time: Date;
  /** Cores in use: 1 is one whole core. */
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Absent when not limited. */
  readonly memoryLimitBytes?: number;
  readonly pids: number;
  readonly networkRxBytes: number;
  readonly networkTxBytes: number;
}

/** What exists at a path inside. */
export interface FileStat {
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  readonly size: number;
  /** Permission bits, as in 0o755. */
  readonly mode: number;
  readonly modifiedAt: Date;
  /** Target of a symlink. */
  readonly target?: string;
}

/** One name in a directory. */
export interface DirectoryEntry extends FileStat {
  readonly name: string;
}

/** File operations a provider does natively; what is left out runs as commands inside. */
export interface DriverFs {
  /** Does not follow a symlink at the end of the path. `undefined` when nothing is there. */
  stat?(path: string): Promise<FileStat | undefined>;
  list?(path: string): Promise<readonly DirectoryEntry[]>;
  mkdir?(path: string): Promise<void>;
  remove?(path: string): Promise<void>;
  rename?(from: string, to: string): Promise<void>;
}

/** One sandbox, as a driver sees it. */
export interface DriverSandbox {
  readonly id: string;
  /** The provider's own object, for what the contract does not cover. */
  readonly native: unknown;
  info(): Promise<SandboxInfo>;
  /** Resolves when running; a running sandbox is left alone. */
  start(options?: { signal?: AbortSignal }): Promise<void>;
  /** Asks the main process to end and kills it after `timeoutMs`. A stopped sandbox is left alone. */
  stop(options: { timeoutMs: number; signal?: AbortSignal }): Promise<void>;
  /** Removes it and all that belongs to it, in any state. One that is gone already is no error. */
  destroy(): Promise<void>;
  spawn(argv: readonly string[], options: SpawnOptions): Promise<DriverProcess>;
  /** Unpacks a tar stream in `directory`, which must exist. Modes, links and owners come from the archive. */
  putArchive(tar: ByteStream, directory: string, options?: { signal?: AbortSignal }): Promise<void>;
  /** A tar stream whose top entry is the last part of `path`. @throws SandboxError `FileNotFound` */
  getArchive(path: string, options?: { signal?: AbortSignal }): Promise<ByteStream>;
  /** Looked up anew on each call, since ports move over a restart. */
  endpoint(port: number): Promise<Endpoint>;
  /** In order within each stream; between the two, lines written within moments may change places. */
  logs(options: LogOptions): AsyncIterable<LogLine>;
  /** The numeric user and group that commands run as by default: owner of files written for them. */
  owner(): Promise<{ uid: number; gid: number }>;
  /** TCP ports on which something listens now. Absent: read from `/proc` by a command. */
  listeningPorts?(): Promise<readonly number[]>;
  readonly fs?: DriverFs;
  pause?(): Promise<void>;
  resume?(): Promise<void>;
  /** @returns the reference of an image that `create` accepts. */
  snapshot?(name: string): Promise<{ image: string }>;
  stats?(): Promise<SandboxStats>;
  setLabels?(labels: Readonly<Record<string, string>>): Promise<void>;
  /** Moves the expiry to `ms` from now. */
  extend?(ms: number): Promise<{ expiresAt: Date }>;
}

/** One step of a create, for progress displays. */
export interface CreateEvent {
  readonly step: string;
}

/** Which sandboxes to list. All conditions must hold. */
export interface ListFilter {
  readonly labels?: Readonly<Record<string, string>>;
  readonly states?: readonly SandboxState[];
}

/** An image the provider has. */
export interface ImageInfo {
  readonly id: string;
  readonly tags: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly sizeBytes: number;
  readonly createdAt: Date;
}

/** Image operations of a provider. */
export interface DriverImages {
  has(reference: string): Promise<boolean>;
  list(filter?: { labels?: Readonly<Record<string, string>> }): Promise<readonly ImageInfo[]>;
  /** An image that is gone already is no error. @throws SandboxError `Conflict` while a sandbox uses it */
  remove(reference: string): Promise<void>;
}

/** A connection to one provider: what a driver's author writes. */
export interface Driver<Extra = unknown> {
  /**
   * Creates and starts. Leaves nothing behind when it fails or is aborted.
   *
   * @param extra The validated `spec.provider.<name>`.
   */
  create(
    spec: ValidSandboxSpec,
    extra: Extra,
    options: { signal?: AbortSignal; onEvent?: (event: CreateEvent) => void },
  ): Promise<DriverSandbox>;
  /** @param id An id or a name. @throws SandboxError `SandboxNotFound` */
  get(id: string): Promise<DriverSandbox>;
  list(filter: ListFilter): AsyncIterable<SandboxInfo>;
  readonly images?: DriverImages;
  /** Makes ahead of a creation what sandboxes share, such as a network. `dispose` takes back what nobody uses. */
  prepare?(): Promise<void>;
  ping(): Promise<{ version: string; latencyMs: number }>;
  /** Closes connections; sandboxes live on. */
  dispose(): Promise<void>;
}
