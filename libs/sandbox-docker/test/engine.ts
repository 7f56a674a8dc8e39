import { createDockerClient, type DockerClient } from '../src/docker-client.js';
import { findDockerHost } from '../src/docker-host.js';

/** The engine that the tests run on: the same that the driver finds. */
export async function engine(): Promise<DockerClient> {
  return createDockerClient(await findDockerHost());
}
