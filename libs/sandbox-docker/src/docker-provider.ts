import { type Capabilities, defineProvider } from '@iterate/sandbox-provider';
import * as z from 'zod';
import { createDockerClient } from './docker-client.js';
import { DockerDriver } from './docker-driver.js';
import { guarded } from './docker-error.js';
import { dockerExtraSchema } from './docker-extra.js';
import { findDockerHost } from './docker-host.js';
import { isPodman, podmanRefused } from './podman.js';
import { PODMAN_NETWORK, SandboxNetwork } from './sandbox-network.js';

const configSchema = z.strictObject({
  /** `unix://…`, `tcp://…` or `https://…`. @default found as the docker CLI finds it */
  host: z.string().optional(),
  /** Directory with `ca.pem`, `cert.pem` and `key.pem`. @default none: no TLS */
  certPath: z.string().optional(),
  /** Use an engine that is Podman, with the differences that the README lists. */
  podman: z.boolean().default(false),
});

const capabilities: Capabilities = {
  pause: true,
  snapshot: true,
  stats: true,
  setLabels: false,
  expiry: true,
  resources: true,
  tty: true,
  stdin: true,
  images: true,
};

/**
 * Sandboxes as containers of a Docker engine.
 *
 * @example
 * await using connection = await dockerProvider.connect({});
 * await using sandbox = await connection.create({ image: 'debian:bookworm-slim', command: ['sleep', '600'] });
 * console.log((await sandbox.exec(['uname', '-a'])).stdout);
 */
export const dockerProvider = defineProvider({
  name: 'docker',
  configSchema,
  extraSchema: dockerExtraSchema,
  capabilities,
  async connect({ host, certPath, podman }) {
    const found =
      host === undefined
        ? await findDockerHost()
        : { url: host, foundBy: 'the config', ...(certPath === undefined ? {} : { certPath }) };
    const client = await createDockerClient(found);
    const { docker, endpoint } = client;
    try {
      const { Components } = await guarded({ operation: 'reach the Docker engine', endpoint }, () =>
        docker.version(),
      );
      if (!isPodman(Components)) return new DockerDriver(client);
      if (!podman) throw podmanRefused(endpoint);
      return new DockerDriver({
        ...client,
        podman: true,
        network: new SandboxNetwork(docker, PODMAN_NETWORK),
      });
    } catch (error) {
      await client.close();
      throw error;
    }
  },
});
