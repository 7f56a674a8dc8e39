import { userInfo } from 'node:os';
import type { ImageResult } from '@iterate/sandbox-image';
import { isSandboxError, type Sandbox } from '@iterate/sandbox-provider';
import { type PortPlan, planPorts, portTaken } from './host-ports.js';
import type { RepoIdentity } from './repo-identity.js';
import { LABELS } from './sandbox-labels.js';
import { DAEMON_PORT, OPENCODE_PORT } from './sandbox-ports.js';
import { generateSecrets, type SandboxSecrets, tokenDigest } from './sandbox-secrets.js';
import type { UpEnvironment, UpOptions } from './up.js';

const REPO_MOUNT = '/local-iterate-repo';
const GIT_COMMON_MOUNT = '/local-iterate-git-common';
const HOST_CA_MOUNT = '/etc/iterate/host-ca.pem';
/** How often a create is repeated when a port that was free a moment ago is taken. */
const PORT_ATTEMPTS = 5;

/**
 * Creates and starts the container of an image, with new secrets, on ports that are free.
 *
 * @param session Label by which a later run finds it if this one is killed before it is whole.
 */
export async function createSandbox(
  image: ImageResult,
  name: string,
  session: string,
  options: UpOptions,
  environment: UpEnvironment,
): Promise<{ sandbox: Sandbox; secrets: SandboxSecrets }> {
  const { connection, onEvent } = environment;
  const generated = generateSecrets();
  const mounts = await chooseMounts(options, environment);
  const taken = new Set<number>();
  for (let attempt = 1; ; attempt += 1) {
    const plan = await planPorts(connection, [DAEMON_PORT, OPENCODE_PORT], options.ports, taken);
    for (const { inside, host, wanted } of plan)
      if (wanted !== undefined) onEvent({ type: 'port-moved', inside, wanted, host });
    onEvent({ type: 'creating' });
    try {
      const sandbox = await connection.create(
        {
          image: image.imageId,
          name,
          labels: labelsOf(image, name, options.repo, session),
          env: {
            ITERATE_DAEMON_HOST: '0.0.0.0',
            ITERATE_DAEMON_TOKEN_SHA256: tokenDigest(generated.token),
            OPENCODE_SERVER_USERNAME: generated.opencodeUsername,
            OPENCODE_SERVER_PASSWORD: generated.opencodePassword,
          },
          ports: plan.map(({ inside }) => inside),
          ...(options.ttlMs === undefined ? {} : { ttlMs: options.ttlMs }),
          provider: { docker: { mounts, hostPorts: hostPorts(plan) } },
        },
        { signal: options.signal },
      );
      return { sandbox, secrets: { id: sandbox.id, name, ...generated } };
    } catch (error) {
      if (!isSandboxError(error, 'PortInUse') || attempt === PORT_ATTEMPTS) throw error;
      const { port } = error.details;
      if ([...options.ports.values()].includes(port)) throw await portTaken(connection, port);
      taken.add(port);
    }
  }
}

function labelsOf(
  image: ImageResult,
  name: string,
  repo: RepoIdentity,
  session: string,
): Record<string, string> {
  return {
    [LABELS.name]: name,
    [LABELS.repo]: repo.hash,
    [LABELS.repoDir]: repo.root,
    [LABELS.key]: image.key,
    [LABELS.tree]: image.tree,
    [LABELS.owner]: userInfo().username,
    [LABELS.session]: session,
  };
}

function hostPorts(plan: readonly PortPlan[]): Record<string, number> {
  return Object.fromEntries(plan.map(({ inside, host }) => [String(inside), host]));
}

async function chooseMounts(
  { repo, mount, ref }: UpOptions,
  { caBundle }: UpEnvironment,
): Promise<Array<{ source: string; target: string }>> {
  const mounts: Array<{ source: string; target: string }> = [];
  if (mount && ref === undefined) {
    mounts.push({ source: repo.root, target: REPO_MOUNT });
    if (repo.commonDir !== undefined) mounts.push({ source: repo.commonDir, target: GIT_COMMON_MOUNT });
  }
  const ca = await caBundle();
  if (ca !== undefined) mounts.push({ source: ca, target: HOST_CA_MOUNT });
  return mounts;
}
