import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ByteStream,
  type DriverFs,
  type DriverProcess,
  type DriverSandbox,
  type Endpoint,
  isSandboxError,
  type LogLine,
  type LogOptions,
  type SandboxInfo,
  type SpawnOptions,
} from '@iterate/sandbox-provider';
import type Docker from 'dockerode';
import type { DockerClient } from './docker-client.js';
import { endpointOf } from './docker-endpoint.js';
import { type CallContext, guarded, statusCode } from './docker-error.js';
import { infoFromInspect } from './docker-info.js';
import { readLogs } from './docker-logs.js';
import { startProcess } from './docker-process.js';
import { type FileOwner, resolveOwner } from './file-owner.js';
import { pathStat } from './path-stat.js';
import { ensureSandboxNetwork, releaseSandboxNetwork } from './sandbox-network.js';

const GONE_POLL_MS = 50;
const GONE_TIMEOUT_MS = 30_000;

/** One container as a {@link DriverSandbox}. */
export class DockerSandbox implements DriverSandbox {
  readonly id: string;
  readonly native: Docker.Container;
  readonly fs: DriverFs;
  readonly #client: DockerClient;
  #owner: Promise<FileOwner> | undefined;

  constructor(client: DockerClient, container: Docker.Container) {
    this.id = container.id;
    this.native = container;
    this.#client = client;
    this.fs = {
      stat: (path) => guarded(this.#context('stat', { path }), () => pathStat(container, path)),
    };
  }

  async info(): Promise<SandboxInfo> {
    return infoFromInspect(await this.#inspect('inspect'));
  }

  async start(options: { signal?: AbortSignal } = {}): Promise<void> {
    await guarded(this.#context('start', options), async () => {
      try {
        await this.native.start(withSignal(options.signal));
      } catch (error) {
        if (statusCode(error) === 304) return;
        if (!isMissingNetwork(error)) throw error;
        await ensureSandboxNetwork(this.#client.docker);
        await this.native.start(withSignal(options.signal));
      }
    });
  }

  async stop({ timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal }): Promise<void> {
    await guarded(this.#context('stop', { signal }), async () => {
      try {
        await this.native.stop({ t: Math.ceil(timeoutMs / 1000), ...withSignal(signal) });
      } catch (error) {
        if (statusCode(error) !== 304) throw error;
      }
    });
  }

  async destroy(): Promise<void> {
    await guarded(this.#context('destroy'), async () => {
      try {
        await this.native.remove({ force: true, v: true });
      } catch (error) {
        const status = statusCode(error);
        if (status !== 404 && status !== 409) throw error;
      }
      await this.#waitUntilGone();
      await releaseSandboxNetwork(this.#client.docker);
    });
  }

  spawn(argv: readonly string[], options: SpawnOptions): Promise<DriverProcess> {
    const context = this.#context(`run "${argv.join(' ')}"`);
    return startProcess(this.native, argv, options, context, this.#client.background);
  }

  async putArchive(
    tar: ByteStream,
    directory: string,
    options: { signal?: AbortSignal } = {},
  ): Promise<void> {
    const context = this.#context(`write to ${directory}`, { path: directory, ...options });
    const source = Readable.from(tar, { objectMode: false });
    try {
      await guarded(context, () =>
        this.native.putArchive(source, { path: directory, ...withSignal(options.signal) }),
      );
    } finally {
      source.destroy();
    }
  }

  async getArchive(path: string, options: { signal?: AbortSignal } = {}): Promise<ByteStream> {
    const context = this.#context(`read ${path}`, { path, ...options });
    return guarded(
      context,
      () => this.native.getArchive({ path, ...withSignal(options.signal) }) as Promise<Readable>,
    );
  }

  async endpoint(port: number): Promise<Endpoint> {
    return endpointOf(await this.#inspect('look up a port'), port, this.#client.engineHost);
  }

  logs(options: LogOptions): AsyncIterable<LogLine> {
    return readLogs(this.native, options, this.#context('read the log', { signal: options.signal }));
  }

  owner(): Promise<FileOwner> {
    this.#owner ??= this.#inspect('look up the user').then(({ Config }) =>
      resolveOwner(Config.User, () => this.getArchive('/etc/passwd')),
    );
    return this.#owner;
  }

  async pause(): Promise<void> {
    await guarded(this.#context('pause'), () => this.native.pause());
  }

  async resume(): Promise<void> {
    await guarded(this.#context('resume'), () => this.native.unpause());
  }

  /** Removal is answered before it is finished when another caller started it. */
  async #waitUntilGone(): Promise<void> {
    for (let waited = 0; waited < GONE_TIMEOUT_MS; waited += GONE_POLL_MS) {
      try {
        await this.#inspect('inspect');
      } catch (error) {
        if (isSandboxError(error, 'SandboxNotFound')) return;
        throw error;
      }
      await sleep(GONE_POLL_MS);
    }
  }

  #inspect(operation: string): Promise<Docker.ContainerInspectInfo> {
    return guarded(this.#context(operation), () => this.native.inspect());
  }

  #context(operation: string, more: { path?: string; signal?: AbortSignal | undefined } = {}): CallContext {
    return { operation, endpoint: this.#client.endpoint, sandbox: this.id.slice(0, 12), ...more };
  }
}

function withSignal(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

function isMissingNetwork(error: unknown): boolean {
  return statusCode(error) === 404 && error instanceof Error && /network \S+ not found/i.test(error.message);
}
