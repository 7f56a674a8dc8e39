import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { SandboxError } from '@iterate/sandbox-provider';
import * as z from 'zod';

/** How to reach an engine. */
export interface DockerHost {
  /** `unix://…`, `tcp://…`, `http(s)://…` or `npipe://…`. */
  readonly url: string;
  /** Directory with `ca.pem`, `cert.pem` and `key.pem`, for TLS. */
  readonly certPath?: string;
  /** Which strategy found it. */
  readonly foundBy: string;
}

/** Where a strategy may look; given by the caller so that it can be another machine's in a test. */
export interface HostSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** `undefined` means "does not apply here"; throwing means "applies, but is broken". */
type Strategy = (around: HostSurroundings) => Promise<Omit<DockerHost, 'foundBy'> | undefined>;

const fromEnvironment: Strategy = async ({ env, home }) => {
  if (env.DOCKER_HOST === undefined || env.DOCKER_HOST === '') return undefined;
  const tls = env.DOCKER_TLS_VERIFY !== undefined && env.DOCKER_TLS_VERIFY !== '';
  return {
    url: env.DOCKER_HOST.includes('://') ? env.DOCKER_HOST : `tcp://${env.DOCKER_HOST}`,
    ...(tls ? { certPath: env.DOCKER_CERT_PATH ?? join(home, '.docker') } : {}),
  };
};

const cliConfig = z.object({ currentContext: z.string().optional() });
const contextMeta = z.object({ Endpoints: z.object({ docker: z.object({ Host: z.string() }) }) });

const fromContext: Strategy = async ({ env, home }) => {
  const directory = env.DOCKER_CONFIG ?? join(home, '.docker');
  const config = await readJson(join(directory, 'config.json'), cliConfig);
  const name = env.DOCKER_CONTEXT ?? config?.currentContext;
  if (name === undefined || name === '' || name === 'default') return undefined;
  const id = createHash('sha256').update(name).digest('hex');
  const meta = await readJson(join(directory, 'contexts', 'meta', id, 'meta.json'), contextMeta);
  if (meta === undefined) {
    const issue = `the Docker context "${name}" is selected but not defined in ${directory}`;
    throw new SandboxError('InvalidSpec', `${issue}; choose another with: docker context use default`, {
      issues: [issue],
    });
  }
  return { url: meta.Endpoints.docker.Host };
};

const fromSocket =
  (path: (around: HostSurroundings) => string | undefined): Strategy =>
  async (around) => {
    const socket = path(around);
    return socket !== undefined && (await isSocket(socket)) ? { url: `unix://${socket}` } : undefined;
  };

const STRATEGIES: ReadonlyArray<readonly [name: string, strategy: Strategy]> = [
  ['DOCKER_HOST', fromEnvironment],
  ['the docker context', fromContext],
  ['the system socket', fromSocket(() => '/var/run/docker.sock')],
  [
    'the rootless socket',
    fromSocket(({ env }) => (env.XDG_RUNTIME_DIR ? join(env.XDG_RUNTIME_DIR, 'docker.sock') : undefined)),
  ],
  ["Docker Desktop's socket", fromSocket(({ home }) => join(home, '.docker', 'run', 'docker.sock'))],
  ["Colima's socket", fromSocket(({ home }) => join(home, '.colima', 'default', 'docker.sock'))],
];

/**
 * Finds the engine as the docker CLI would, and where Docker Desktop, rootless Docker and Colima put it.
 *
 * @throws SandboxError `InvalidSpec` when what is configured is broken, `ProviderUnavailable` when nothing is found
 */
export async function findDockerHost(
  around: HostSurroundings = { env: process.env, home: homedir() },
): Promise<DockerHost> {
  for (const [foundBy, strategy] of STRATEGIES) {
    const host = await strategy(around);
    if (host !== undefined) return { ...host, foundBy };
  }
  const looked = STRATEGIES.map(([name]) => name).join(', ');
  throw new SandboxError(
    'ProviderUnavailable',
    `No Docker engine found (looked at ${looked}). Install Docker and start it, or set DOCKER_HOST.`,
    { provider: 'docker', endpoint: 'none' },
  );
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const issue = `${path} is not a Docker CLI file`;
    throw new SandboxError('InvalidSpec', `${issue}; repair or remove it.`, { issues: [issue] }, { cause });
  }
}

async function isSocket(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isSocket(),
    () => false,
  );
}
