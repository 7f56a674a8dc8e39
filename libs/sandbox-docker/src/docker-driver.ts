import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
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
import { type CallContext, guarded, isNameTaken, sandboxNotFound } from './docker-error.js';
import type { DockerExtra } from './docker-extra.js';
import { dockerImages } from './docker-images.js';
import { infoFromList } from './docker-info.js';
import { IDEMPOTENCY_LABEL, SANDBOX_LABEL, SANDBOX_MARK } from './docker-labels.js';
import { DockerSandbox } from './docker-sandbox.js';
import { EXPIRY_LABEL, readExpiries, writeExpiry } from './expiry-record.js';

/** How long a create with a key waits for another one with the same key to get so far that it is found: 5 s. */
const NAME_ATTEMPTS = 100;
const NAME_RETRY_MS = 50;

/** Containers of one engine as sandboxes. */
export class DockerDriver implements Driver<DockerExtra> {
  readonly images: DriverImages;
  readonly #client: DockerClient;
  #prepared = false;

  constructor(client: DockerClient) {
    this.#client = client;
    this.images = dockerImages(client);
  }

  async create(
    spec: ValidSandboxSpec,
    extra: DockerExtra,
    { signal, onEvent }: { signal?: AbortSignal; onEvent?: (event: CreateEvent) => void },
  ): Promise<DriverSandbox> {
    const { docker, endpoint, network } = this.#client;
    const name = containerName(spec);
    const context: CallContext = {
      operation: `create the sandbox ${name}`,
      endpoint,
      image: spec.image,
      signal,
    };
    return guarded(context, async () => {
      onEvent?.({ step: 'creating the container' });
      const config = containerConfig(spec, extra, { name, network: extra.network ?? network.name });
      // Side by side: Docker looks for the network when the container starts.
      const [ready, made] = await Promise.allSettled([
        extra.network === undefined ? network.ensure() : undefined,
        this.#createOrFind(config, name, spec.idempotencyKey),
      ]);
      if (made.status === 'rejected') {
        await network.release();
        throw made.reason;
      }
      if ('existing' in made.value) return made.value.existing;
      const { container } = made.value;
      const sandbox = new DockerSandbox(this.#client, container);
      try {
        if (ready.status === 'rejected') throw ready.reason;
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

  async prepare(): Promise<void> {
    const { endpoint, network } = this.#client;
    this.#prepared = true;
    await guarded({ operation: 'make the network of sandboxes', endpoint }, () => network.ensure());
  }

  async dispose(): Promise<void> {
    try {
      if (this.#prepared) await this.#client.network.release();
    } finally {
      await this.#client.close();
    }
  }

  /** Creates the container, or finds the sandbox that another create with the same key made or is making. */
  async #createOrFind(
    config: Docker.ContainerCreateOptions,
    name: string,
    key: string | undefined,
  ): Promise<{ container: Docker.Container } | { existing: DriverSandbox }> {
    const { network } = this.#client;
    for (let attempt = 1; ; attempt += 1) {
      try {
        // Not abortable: an aborted request may still have made the container, which nobody would remove.
        return { container: await network.create(config) };
      } catch (error) {
        const taken = isNameTaken(error) && key !== undefined;
        const holder = taken ? await this.#holderOf(name) : undefined;
        if (holder !== undefined && (await holder.info()).labels[IDEMPOTENCY_LABEL] === key) {
          await holder.start();
          return { existing: holder };
        }
        // A name that is taken by nothing belongs to a creation that has not come so far, or was given up.
        if (!taken || holder !== undefined || attempt === NAME_ATTEMPTS) throw error;
      }
      await sleep(NAME_RETRY_MS);
    }
  }

  async #holderOf(name: string): Promise<DriverSandbox | undefined> {
    try {
      return await this.get(name);
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
