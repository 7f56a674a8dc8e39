import type { Capabilities, Capability } from './capabilities.js';
import type {
  DriverProcess,
  DriverSandbox,
  Endpoint,
  LogLine,
  LogOptions,
  SandboxInfo,
  SandboxStats,
  SpawnOptions,
} from './driver.js';
import { type ExecOptions, exec } from './exec.js';
import type { ExecResult } from './exec-result.js';
import { fetchInside } from './fetch-inside.js';
import { listeningPorts } from './listening-ports.js';
import { SandboxError } from './sandbox-error.js';
import { SandboxFs } from './sandbox-fs.js';
import { SandboxProcesses } from './sandbox-processes.js';
import type { WaitCondition } from './wait-condition.js';
import { type WaitOptions, waitFor } from './wait-for.js';

const DEFAULT_STOP_TIMEOUT_MS = 10_000;

/**
 * A sandbox, on any provider.
 *
 * `await using` destroys one that `create` returned and leaves alone one that `get` returned.
 */
export class Sandbox implements AsyncDisposable {
  readonly id: string;
  readonly provider: string;
  /** Files inside. */
  readonly fs: SandboxFs;
  /** What pidnap supervises inside. */
  readonly processes: SandboxProcesses;
  readonly #driver: DriverSandbox;
  readonly #capabilities: Capabilities;
  readonly #owned: boolean;

  /** @param options.owned Whether `await using` destroys it. */
  constructor(
    driver: DriverSandbox,
    options: { provider: string; capabilities: Capabilities; owned: boolean },
  ) {
    this.id = driver.id;
    this.provider = options.provider;
    this.fs = new SandboxFs(driver);
    this.processes = new SandboxProcesses(driver);
    this.#driver = driver;
    this.#capabilities = options.capabilities;
    this.#owned = options.owned;
  }

  /** The provider's own object, for what this class does not cover. */
  get native(): unknown {
    return this.#driver.native;
  }

  /** @throws SandboxError `SandboxNotFound` */
  info(): Promise<SandboxInfo> {
    return this.#driver.info();
  }

  /** Resolves when running; a running sandbox is left alone. */
  start(options: { signal?: AbortSignal } = {}): Promise<void> {
    return this.#driver.start(options);
  }

  /**
   * Asks the main process to end, and kills it when it does not. A stopped sandbox is left alone.
   *
   * @param options.timeoutMs Time to end by itself. @default 10000
   */
  stop(options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<void> {
    return this.#driver.stop({ ...options, timeoutMs: options.timeoutMs ?? DEFAULT_STOP_TIMEOUT_MS });
  }

  /** {@link stop}, then {@link start}. Ports may move: ask for the endpoint again. */
  async restart(options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<void> {
    await this.stop(options);
    await this.start(options);
  }

  /** Removes the sandbox and all that belongs to it, in any state. One that is gone already is no error. */
  destroy(): Promise<void> {
    return this.#driver.destroy();
  }

  /** Starts a process and hands over its streams. For a command with a result, use {@link exec}. */
  async spawn(argv: readonly string[], options: SpawnOptions = {}): Promise<DriverProcess> {
    if (options.tty !== undefined) this.#require('tty');
    if (options.stdin === true) this.#require('stdin');
    return this.#driver.spawn(argv, options);
  }

  /**
   * Runs a command to its end. A non-zero exit code is a result; `.orThrow()` makes it an error.
   *
   * @param command Program and arguments; a string is a script for `/bin/sh`.
   * @example
   * const { stdout } = (await sandbox.exec(['git', 'status', '--short'], { cwd: '/repo' })).orThrow();
   */
  async exec(command: string | readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    if (options.stdin !== undefined) this.#require('stdin');
    return exec(this.#driver, command, options);
  }

  /** Where a port inside can be reached from here, looked up anew. */
  endpoint(port: number): Promise<Endpoint> {
    return this.#driver.endpoint(port);
  }

  /** `fetch` to a port inside, with the headers its endpoint needs. */
  async fetch(port: number, path = '/', init: RequestInit = {}): Promise<Response> {
    const { url, headers = {} } = await this.endpoint(port);
    const merged = new Headers(init.headers);
    for (const [name, value] of Object.entries(headers)) merged.set(name, value);
    return fetch(new URL(path, `${url}/`), { ...init, headers: merged });
  }

  /** A `fetch` for servers that listen only on the sandbox's own loopback; the image needs `curl`. */
  get fetchInside(): typeof fetch {
    return fetchInside(this.#driver);
  }

  /** Resolves once the condition holds; rejects with the last log lines. See {@link WaitCondition}. */
  waitFor(condition: WaitCondition, options: WaitOptions = {}): Promise<void> {
    return waitFor(this, condition, options);
  }

  /** TCP ports on which something inside listens now. */
  listeningPorts(): Promise<readonly number[]> {
    return listeningPorts(this.#driver);
  }

  /**
   * Lines of the main process, in order within each stream; between stdout and stderr, lines written within moments of
   * each other may change places.
   */
  logs(options: LogOptions = {}): AsyncIterable<LogLine> {
    return this.#driver.logs(options);
  }

  /** Freezes every process; {@link resume} goes on where they were. */
  async pause(): Promise<void> {
    return this.#optional('pause', this.#driver.pause)();
  }

  async resume(): Promise<void> {
    return this.#optional('pause', this.#driver.resume)();
  }

  /** Keeps the file system as an image. @returns what to pass as `image` to `create` */
  async snapshot(name: string): Promise<{ image: string }> {
    return this.#optional('snapshot', this.#driver.snapshot)(name);
  }

  async stats(): Promise<SandboxStats> {
    return this.#optional('stats', this.#driver.stats)();
  }

  async setLabels(labels: Readonly<Record<string, string>>): Promise<void> {
    return this.#optional('setLabels', this.#driver.setLabels)(labels);
  }

  /** Moves the expiry to `ms` from now. */
  async extend(ms: number): Promise<{ expiresAt: Date }> {
    return this.#optional('expiry', this.#driver.extend)(ms);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#owned) await this.destroy();
  }

  #require(capability: Capability): void {
    if (!this.#capabilities[capability]) throw unsupported(this.provider, capability);
  }

  #optional<Args extends unknown[], Result>(
    capability: Capability,
    method: ((...args: Args) => Result) | undefined,
  ): (...args: Args) => Result {
    this.#require(capability);
    if (method === undefined) throw unsupported(this.provider, capability);
    return method.bind(this.#driver);
  }
}

/** The error of a call that the provider does not declare. */
export function unsupported(provider: string, capability: Capability): SandboxError<'Unsupported'> {
  return new SandboxError(
    'Unsupported',
    `The provider ${provider} has no "${capability}". See its capabilities for what it can do.`,
    { capability, provider },
  );
}
