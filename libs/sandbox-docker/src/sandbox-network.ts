import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { missingNetwork, statusCode } from './docker-error.js';
import { SANDBOX_LABEL } from './docker-labels.js';

/** Name of the bridge that all sandboxes share. */
export const SANDBOX_NETWORK = 'iterate-sandbox';

/**
 * Name of its interface on the engine's machine. An engine allows several networks of one name, made at the
 * same time, which makes the name useless; it allows one network per interface.
 */
const BRIDGE_INTERFACE = 'br-iterate-sbx';

/** For a Podman beside a Docker engine: an interface of the same name would be taken from the one by the other. */
export const PODMAN_NETWORK = { name: SANDBOX_NETWORK, bridge: 'br-iterate-pod' } as const;

/** How often a step is repeated that another process may have come in the way of: for 5 s. */
const ATTEMPTS = 100;
const RETRY_MS = 50;

/**
 * The network on which sandboxes reach the outside and the host but not each other. One for all: an engine has
 * room for about thirty networks, and for thousands of containers in one.
 */
export class SandboxNetwork {
  readonly name: string;
  readonly #docker: Docker;
  readonly #bridge: string;
  #making: Promise<void> | undefined;

  /** @param options Another network, for tests that remove it. */
  constructor(docker: Docker, options: { name: string; bridge: string } | undefined = undefined) {
    this.#docker = docker;
    this.name = options?.name ?? SANDBOX_NETWORK;
    this.#bridge = options?.bridge ?? BRIDGE_INTERFACE;
  }

  /** Makes the network unless it exists. */
  ensure(): Promise<void> {
    this.#making ??= this.#make().finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  async #make(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      if (await this.#exists()) return;
      try {
        await this.#docker.createNetwork({
          Name: this.name,
          Driver: 'bridge',
          CheckDuplicate: true,
          Labels: { [SANDBOX_LABEL]: 'network' },
          Options: {
            'com.docker.network.bridge.name': this.#bridge,
            'com.docker.network.bridge.enable_icc': 'false',
          },
        });
        return;
      } catch (error) {
        // Another process makes it, or removes it, right now.
        if (attempt === ATTEMPTS) throw error;
      }
      await sleep(RETRY_MS);
    }
  }

  /** Creates a container. Podman wants the network to be there, Docker only when the container starts. */
  async create(config: Docker.ContainerCreateOptions): Promise<Docker.Container> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#docker.createContainer(config);
      } catch (error) {
        if (missingNetwork(error) !== this.name || attempt === ATTEMPTS) throw error;
      }
      await this.ensure();
    }
  }

  /** Starts a container, with the network if that was removed since the container was made or last ran. */
  async start(container: Docker.Container, options: { abortSignal?: AbortSignal } = {}): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await container.start(options);
        return;
      } catch (error) {
        const missing = missingNetwork(error);
        if (missing === undefined || attempt === ATTEMPTS) throw error;
        const { HostConfig } = await container.inspect();
        if (HostConfig.NetworkMode !== this.name) throw error;
        await this.ensure();
        // One that ran before knows its network by an id that means nothing any more.
        if (missing !== this.name) await this.#rejoin(container);
      }
    }
  }

  /** Removes the network once no sandbox, running or not, is attached to it; one that is being made, when it is. */
  async release(): Promise<void> {
    await this.#making?.catch(() => undefined);
    const attached = await this.#docker.listContainers({ all: true, filters: { network: [this.name] } });
    if (attached.length > 0) return;
    try {
      await this.#docker.getNetwork(this.name).remove();
    } catch (error) {
      // 404: gone already. 403: a sandbox was attached in between and keeps it.
      const status = statusCode(error);
      if (status !== 404 && status !== 403) throw error;
    }
  }

  async #exists(): Promise<boolean> {
    try {
      await this.#docker.getNetwork(this.name).inspect();
      return true;
    } catch (error) {
      if (statusCode(error) !== 404) throw error;
      return false;
    }
  }

  async #rejoin(container: Docker.Container): Promise<void> {
    const network = this.#docker.getNetwork(this.name);
    await network.disconnect({ Container: container.id, Force: true });
    await network.connect({ Container: container.id });
  }
}
