import * as z from 'zod';
import { createDockerClient } from './docker-client.js';
import { guarded } from './docker-error.js';
import { type DockerHost, findDockerHost } from './docker-host.js';
import { isPodman } from './podman.js';

/** What an engine says of itself. */
export interface EngineInfo {
  readonly host: DockerHost;
  readonly version: string;
  readonly apiVersion: string;
  readonly os: string;
  readonly architecture: string;
  /** Directory of images and containers on the engine's own machine. */
  readonly rootDir: string;
  /** Whether the engine's sockets and files are on this machine. */
  readonly local: boolean;
  /** A Podman service that speaks Docker's API. */
  readonly podman: boolean;
}

const versionSchema = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  Os: z.string(),
  Arch: z.string(),
  Components: z.array(z.object({ Name: z.string() })).optional(),
});
const infoSchema = z.object({ DockerRootDir: z.string() });

/**
 * Asks an engine about itself, for diagnosis.
 *
 * @throws SandboxError `ProviderUnavailable`
 */
export async function inspectEngine(): Promise<EngineInfo> {
  const host = await findDockerHost();
  const client = await createDockerClient(host);
  try {
    const [version, info] = await guarded(
      { operation: 'reach the Docker engine', endpoint: client.endpoint },
      async () => Promise.all([client.docker.version(), client.docker.info()]),
    );
    const { Version, ApiVersion, Os, Arch, Components = [] } = versionSchema.parse(version);
    return {
      host,
      version: Version,
      apiVersion: ApiVersion,
      os: Os,
      architecture: Arch,
      rootDir: infoSchema.parse(info).DockerRootDir,
      local: client.engineHost === undefined,
      podman: isPodman(Components),
    };
  } finally {
    await client.close();
  }
}
