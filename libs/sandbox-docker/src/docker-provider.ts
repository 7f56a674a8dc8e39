import { type Capabilities, defineProvider } from '@iterate/sandbox-provider';
import * as z from 'zod';
import { createDockerClient } from './docker-client.js';
import { DockerDriver } from './docker-driver.js';
import { dockerExtraSchema } from './docker-extra.js';
import { findDockerHost } from './docker-host.js';

const configSchema = z.strictObject({
  /** `unix://…`, `tcp://…` or `https://…`. @default found as the docker CLI finds it */
  host: z.string().optional(),
  /** Directory with `ca.pem`, `cert.pem` and `key.pem`. @default none: no TLS */
  certPath: z.string().optional(),
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
  async connect({ host, certPath }) {
    const found =
      host === undefined
        ? await findDockerHost()
        : { url: host, foundBy: 'the config', ...(certPath === undefined ? {} : { certPath }) };
    const driver = new DockerDriver(await createDockerClient(found));
    await driver.ping();
    return driver;
  },
});
