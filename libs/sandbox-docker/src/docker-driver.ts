import { createHash, randomBytes } from 'node:crypto';
import {
  type CreateEvent,
  type Driver,
  type DriverImages,
  type DriverSandbox,
  isSandboxError,
  type ListFilter,
  type SandboxInfo,
  type ValidSandboxSpec,
} from '@iterate/sandbox-provider';
import type Docker from 'dockerode';
import { containerConfig } from './container-config.js';
import type { DockerClient } from './docker-client.js';
import { type CallContext, guarded, sandboxNotFound, statusCode } from './docker-error.js';
import type { DockerExtra } from './docker-extra.js';
import { dockerImages } from './docker-images.js';
import { infoFromList } from './docker-info.js';
import { IDEMPOTENCY_LABEL, SANDBOX_LABEL, SANDBOX_MARK } from './docker-labels.js';
import { DockerSandbox } from './docker-sandbox.js';
import { EXPIRY_LABEL, readExpiries, writeExpiry } from './expiry-record.js';
import { ensureSandboxNetwork, releaseSandboxNetwork, SANDBOX_NETWORK } from './sandbox-network.js';

/** Containers of one engine as sandboxes. */
export class DockerDriver implements Driver<DockerExtra> {
  readonly images: DriverImages;
  readonly #client: DockerClient;

  constructor(client: DockerClient) {
    this.#client = client;
    this.images = dockerImages(client);
  }

  async create(
    spec: ValidSandboxSpec,
    extra: DockerExtra,
    { signal, onEvent }: { signal?: AbortSignal; onEvent?: (event: CreateEvent) => void },
  ): Promise<DriverSandbox> {
    const { docker, endpoint } = this.#client;
    const name = containerName(spec);
    const context: CallContext = {
      operation: `create the sandbox ${name}`,
      endpoint,
      image: spec.image,
      signal,
    };
    return guarded(context, async () => {
      if (extra.network === undefined) await ensureSandboxNetwork(docker);
      onEvent?.({ step: 'creating the container' });
      const config = containerConfig(spec, extra, { name, network: extra.network ?? SANDBOX_NETWORK });
      let container: Docker.Container;
      try {
        // Not abortable: an aborted request may still have made the container, which nobody would remove.
        container = await docker.createContainer(config);
      } catch (error) {
        const existing =
          statusCode(error) === 409 ? await this.#findByKey(name, spec.idempotencyKey) : undefined;
        await releaseSandboxNetwork(docker);
        if (existing !== undefined) return existing;
        throw error;
      }
      const sandbox = new DockerSandbox(this.#client, container);
      try {
        signal?.throwIfAborted();
        onEvent?.({ step: 'starting the container' });
        if (spec.ttlMs !== undefined)
          await writeExpiry(docker, container.id, new Date(Date.now() + spec.ttlMs));
        await sandbox.start(signal === undefined ? {} : { signal });
        return sandbox;
      } catch (error) {
        await sandbox.destroy();
        throw error;
      }
    });
  }

  async get(id: string): Promise<DriverSandbox> {
    const { docker, endpoint } = this.#client;
    return guarded({ operation: 'look up a sandbox', endpoint, sandbox: id }, async () => {
      const { Id, Config } = await docker.getContainer(id).inspect();
      if (Config.Labels[SANDBOX_LABEL] !== SANDBOX_MARK) throw sandboxNotFound(id);
      return new DockerSandbox(this.#client, docker.getContainer(Id));
    });
  }

  async *list({ labels = {}, states }: ListFilter): AsyncGenerator<SandboxInfo> {
    const { docker, endpoint } = this.#client;
    const label = [
      `${SANDBOX_LABEL}=${SANDBOX_MARK}`,
      ...Object.entries(labels).map(([key, value]) => `${key}=${value}`),
    ];
    const containers = await guarded({ operation: 'list sandboxes', endpoint }, () =>
      docker.listContainers({ all: true, filters: { label } }),
    );
    const expiries = containers.some(({ Labels }) => EXPIRY_LABEL in Labels)
      ? await guarded({ operation: 'list expiries', endpoint }, () => readExpiries(docker))
      : undefined;
    for (const container of containers) {
      const expiresAt = expiries?.get(container.Id);
      const info = { ...infoFromList(container), ...(expiresAt === undefined ? {} : { expiresAt }) };
      if (states === undefined || states.includes(info.state)) yield info;
    }
  }

  async ping(): Promise<{ version: string; latencyMs: number }> {
    const { docker, endpoint } = this.#client;
    const startedAt = performance.now();
    const { Version } = await guarded({ operation: 'reach the Docker engine', endpoint }, () =>
      docker.version(),
    );
    return { version: Version, latencyMs: performance.now() - startedAt };
  }

  async dispose(): Promise<void> {
    await this.#client.close();
  }

  /** The container that an earlier create with the same key made, if it is that which holds the name. */
  async #findByKey(name: string, key: string | undefined): Promise<DriverSandbox | undefined> {
    if (key === undefined) return undefined;
    try {
      const sandbox = await this.get(name);
      const { labels } = await sandbox.info();
      if (labels[IDEMPOTENCY_LABEL] !== key) return undefined;
      await sandbox.start();
      return sandbox;
    } catch (error) {
      if (isSandboxError(error, 'SandboxNotFound')) return undefined;
      throw error;
    }
  }
}

/** Names are unique on an engine, so a name made from the key lets the engine itself refuse a second create. */
function containerName({ name, idempotencyKey }: ValidSandboxSpec): string {
  if (name !== undefined) return name;
  if (idempotencyKey === undefined) return `sandbox-${randomBytes(6).toString('hex')}`;
  return `sandbox-${createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 16)}`;
}
