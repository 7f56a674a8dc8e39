import {
  createClient,
  type LogLine,
  type LogQuery,
  type PidnapApi,
  type ProcessDetail,
  type ProcessInfo,
} from 'pidnap/client';
import type { DriverSandbox } from './driver.js';
import { fetchInside } from './fetch-inside.js';
import { supervised } from './supervisor-error.js';
import { type ProcessWaitOptions, waitForProcesses } from './wait-for-processes.js';

/** Where pidnap listens unless it is told otherwise: on the sandbox's own loopback. */
const DEFAULT_ADDRESS = 'http://127.0.0.1:9876';

/**
 * The processes that pidnap supervises inside. Each call is a request made inside, so the manager's port need not be
 * published, and it works on every provider; the image needs `curl`.
 *
 * @throws SandboxError `NoSupervisor` when no manager answers, `ProcessNotFound`, `NotRunning`, `CommandNotFound`
 * without curl
 */
export class SandboxProcesses {
  readonly #sandbox: Pick<DriverSandbox, 'id' | 'spawn' | 'info'>;
  readonly #address: string;
  readonly #pidnap: PidnapApi;

  /** @param address Of a manager that listens elsewhere, as seen from inside. */
  constructor(sandbox: Pick<DriverSandbox, 'id' | 'spawn' | 'info'>, address: string = DEFAULT_ADDRESS) {
    this.#sandbox = sandbox;
    this.#address = address;
    this.#pidnap = createClient({ url: address, fetch: fetchInside(sandbox) });
  }

  /** All of them, in the order of the configuration. */
  list(): Promise<ProcessInfo[]> {
    return this.#supervised('list the processes', () => this.#pidnap.processes.list());
  }

  /** One, with its environment; values are masked. */
  get(name: string): Promise<ProcessDetail> {
    return this.#supervised(`look up ${name}`, () => this.#pidnap.processes.get(name), name);
  }

  /** Wants it running; resolves as soon as the start is under way, see {@link wait}. */
  start(name: string): Promise<ProcessInfo> {
    return this.#supervised(`start ${name}`, () => this.#pidnap.processes.start(name), name);
  }

  /** Wants it stopped; resolves when it and everything it started is gone. */
  stop(name: string): Promise<ProcessInfo> {
    return this.#supervised(`stop ${name}`, () => this.#pidnap.processes.stop(name), name);
  }

  /** {@link stop} when it runs, then {@link start}. */
  restart(name: string): Promise<ProcessInfo> {
    return this.#supervised(`restart ${name}`, () => this.#pidnap.processes.restart(name), name);
  }

  /** Lines of its log, each with its time. With `follow`, until the signal fires. */
  async *logs(name: string, query: LogQuery = {}): AsyncGenerator<LogLine> {
    const source = this.#pidnap.processes.logs(name, query)[Symbol.asyncIterator]();
    const next = () => this.#supervised(`read the log of ${name}`, () => source.next(), name);
    try {
      for (let line = await next(); line.done !== true; line = await next()) yield line.value;
    } catch (error) {
      if (query.signal?.aborted !== true) throw error;
    } finally {
      await source.return?.();
    }
  }

  /**
   * Resolves when they are ready and tasks have completed; also waits for the manager to answer, so it may be called
   * right after the creation.
   *
   * @param names Processes and tasks. @default all tasks, and the processes that are to run all the time
   * @throws SandboxError `ProcessFailed` as soon as one does not become ready by itself, `Timeout`, `Aborted`,
   * `NotRunning`
   */
  wait(names: readonly string[] = [], options: ProcessWaitOptions = {}): Promise<void> {
    return waitForProcesses(this.#pidnap, names, options, (operation, call) =>
      this.#supervised(operation, call),
    );
  }

  #supervised<T>(operation: string, call: () => Promise<T>, process?: string): Promise<T> {
    return supervised({ operation, process, address: this.#address, sandbox: this.#sandbox }, call);
  }
}
