import type { DockerExtraInput } from '@iterate/sandbox-docker';
import { isSandboxError } from '@iterate/sandbox-provider';
import { type PortPlan, planPorts, portTaken } from '../host-ports.js';
import type { Placer, UpEnvironment, UpOptions } from '../up.js';

const REPO_MOUNT = '/local-iterate-repo';
const GIT_COMMON_MOUNT = '/local-iterate-git-common';
const HOST_CA_MOUNT = '/etc/iterate/host-ca.pem';
/** How often a create is repeated when a port that was free a moment ago is taken. */
const PORT_ATTEMPTS = 5;

/** Makes a container with the repository mounted, on ports of this machine that are free. */
export const placeOnDocker: Placer = async (spec, options, environment) => {
  const { connection, onEvent } = environment;
  const mounts = await chooseMounts(options, environment);
  const taken = new Set<number>();
  for (let attempt = 1; ; attempt += 1) {
    const plan = await planPorts(connection, spec.ports ?? [], options.ports, taken);
    for (const { inside, host, wanted } of plan)
      if (wanted !== undefined) onEvent({ type: 'port-moved', inside, wanted, host });
    onEvent({ type: 'creating' });
    const docker: DockerExtraInput = { mounts, hostPorts: hostPorts(plan) };
    try {
      return await connection.create(
        { ...spec, ports: plan.map(({ inside }) => inside), provider: { docker } },
        { signal: options.signal },
      );
    } catch (error) {
      if (!isSandboxError(error, 'PortInUse') || attempt === PORT_ATTEMPTS) throw error;
      const { port } = error.details;
      if ([...options.ports.values()].includes(port)) throw await portTaken(connection, port);
      taken.add(port);
    }
  }
};

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
