import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { join } from 'node:path';
import { SandboxError } from '@iterate/sandbox-provider';
import Docker from 'dockerode';
import type { DockerHost } from './docker-host.js';
import { SandboxNetwork } from './sandbox-network.js';

/** A dockerode with its own sockets, so that closing it leaves no handle open. */
export interface DockerClient {
  readonly docker: Docker;
  /** The network that its sandboxes share. */
  readonly network: SandboxNetwork;
  /** Whether the engine is Podman, where some answers differ. */
  readonly podman: boolean;
  /** Where it connects to, for messages. */
  readonly endpoint: string;
  /** Name or address of the engine's machine, when it was reached over TCP. */
  readonly engineHost: string | undefined;
  /** Work that goes on after its caller has left, such as the ending of an aborted process. */
  readonly background: Set<Promise<unknown>>;
  /** Waits for work in the background, then closes the sockets. */
  close(): Promise<void>;
}

/** Connects to `host`; nothing is sent yet. @throws SandboxError `InvalidSpec` for an address it cannot use */
export async function createDockerClient(host: DockerHost): Promise<DockerClient> {
  const url = new URL(host.url);
  if (url.protocol === 'unix:' || url.protocol === 'npipe:') {
    const agent = new HttpAgent({ keepAlive: true });
    const socketPath =
      url.protocol === 'unix:' ? decodeURIComponent(url.pathname) : host.url.slice('npipe://'.length);
    // `host: ''` keeps dockerode from reading DOCKER_HOST itself.
    const options = { socketPath, host: '', agent };
    const docker = new Docker(options);
    return { ...clientOf(docker, agent, host), engineHost: undefined };
  }
  if (!['tcp:', 'http:', 'https:'].includes(url.protocol)) {
    const issue = `cannot connect to ${host.url}: expected unix://, npipe://, tcp://, http:// or https://`;
    throw new SandboxError('InvalidSpec', `The Docker driver ${issue} (from ${host.foundBy}).`, {
      issues: [issue],
    });
  }
  const secure = url.protocol === 'https:' || host.certPath !== undefined;
  const agent = secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const port = url.port === '' ? (secure ? 2376 : 2375) : Number(url.port);
  const tls = host.certPath === undefined ? {} : await readCertificates(host.certPath);
  const options = {
    host: url.hostname,
    port,
    protocol: secure ? ('https' as const) : ('http' as const),
    agent,
    ...tls,
  };
  const docker = new Docker(options);
  return { ...clientOf(docker, agent, host), engineHost: url.hostname };
}

function clientOf(docker: Docker, agent: HttpAgent, host: DockerHost): Omit<DockerClient, 'engineHost'> {
  const background = new Set<Promise<unknown>>();
  return {
    docker,
    network: new SandboxNetwork(docker),
    podman: false,
    endpoint: host.url,
    background,
    async close() {
      await Promise.allSettled(background);
      agent.destroy();
    },
  };
}

async function readCertificates(directory: string): Promise<{ ca: Buffer; cert: Buffer; key: Buffer }> {
  const [ca, cert, key] = await Promise.all(
    ['ca.pem', 'cert.pem', 'key.pem'].map((file) => readFile(join(directory, file))),
  );
  if (ca === undefined || cert === undefined || key === undefined)
    throw new RangeError('three files were asked for');
  return { ca, cert, key };
}
