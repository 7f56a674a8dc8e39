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
  SandboxError,
  type SandboxInfo,
  type SandboxStats,
  type SpawnOptions,
} from '@iterate/sandbox-provider';
import type Docker from 'dockerode';
import type { DockerClient } from './docker-client.js';
import { endpointOf } from './docker-endpoint.js';
import { type CallContext, fileNotFound, guarded, statusCode } from './docker-error.js';
import { infoFromInspect } from './docker-info.js';
import { readLogs } from './docker-logs.js';
import { startProcess } from './docker-process.js';
import { commitSnapshot } from './docker-snapshot.js';
import { parseStats } from './docker-stats.js';
import { EXPIRY_LABEL, readExpiry, removeExpiry, writeExpiry } from './expiry-record.js';
import { type FileOwner, resolveOwner } from './file-owner.js';
import { pathStat } from './path-stat.js';

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
    const inspect = await this.#inspect('inspect');
    const info = infoFromInspect(inspect);
    if (inspect.Config.Labels[EXPIRY_LABEL] === undefined) return info;
    const expiresAt = await guarded(this.#context('read the expiry'), () =>
      readExpiry(this.#client.docker, this.id),
    );
    return expiresAt === undefined ? info : { ...info, expiresAt };
  }

  async start(options: { signal?: AbortSignal } = {}): Promise<void> {
    await guarded(this.#context('start', options), async () => {
      try {
        await this.#client.network.start(this.native, withSignal(options.signal));
      } catch (error) {
        if (statusCode(error) !== 304) throw error;
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
      await Promise.all([removeExpiry(this.#client.docker, this.id), this.#client.network.release()]);
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
    const source = tar instanceof Readable ? tar : Readable.from(tar, { objectMode: false });
    try {
      await guarded(context, async () => {
        // Docker refuses; Podman would make the directory.
        if (this.#client.podman && (await pathStat(this.native, directory)) === undefined)
          throw fileNotFound(directory);
        await this.native.putArchive(source, { path: directory, ...withSignal(options.signal) });
      });
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

  async snapshot(name: string): Promise<{ image: string }> {
    return guarded(this.#context('snapshot'), async () => ({
      image: await commitSnapshot(this.#client.docker, this.native, name),
    }));
  }

  async stats(): Promise<SandboxStats> {
    return guarded(this.#context('read the stats'), async () => {
      const { State, HostConfig } = await this.native.inspect();
      if (!State.Running)
        throw new SandboxError('NotRunning', `There are no stats: the sandbox is ${State.Status}.`, {
          id: this.id,
          state: State.Status,
        });
      return parseStats(await this.native.stats({ stream: false }), HostConfig.Memory ?? 0);
    });
  }

  async extend(ms: number): Promise<{ expiresAt: Date }> {
    const inspect = await this.#inspect('extend');
    if (inspect.Config.Labels[EXPIRY_LABEL] === undefined)
      throw new SandboxError('Conflict', 'This sandbox has no expiry: it was created without ttlMs.', {
        subject: this.id,
      });
    const expiresAt = new Date(Date.now() + ms);
    await guarded(this.#context('extend'), () => writeExpiry(this.#client.docker, this.id, expiresAt));
    return { expiresAt };
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
