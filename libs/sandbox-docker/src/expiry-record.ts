import type Docker from 'dockerode';
import { statusCode } from './docker-error.js';
import { SANDBOX_LABEL } from './docker-labels.js';

// A container's labels cannot change, and its files belong to the agent inside. An empty volume with the time
// in its labels can be replaced, is seen from every machine that reaches the engine, and nothing inside can touch it.
const OF_LABEL = `${SANDBOX_LABEL}.expiry-of`;
const AT_LABEL = `${SANDBOX_LABEL}.expires-at`;

/** Set on a container that may have an expiry, so that looking costs nothing for all others. */
export const EXPIRY_LABEL = `${SANDBOX_LABEL}.expiry`;

/** Sets when a sandbox expires, in place of any time set before. */
export async function writeExpiry(docker: Docker, id: string, at: Date): Promise<void> {
  const before = await expiryVolumes(docker, id);
  // The new one comes first: between the two calls the later time is in force.
  await docker.createVolume({
    Name: `${SANDBOX_LABEL.replaceAll('.', '-')}-expiry-${id.slice(0, 12)}-${at.getTime()}`,
    Labels: { [SANDBOX_LABEL]: 'expiry', [OF_LABEL]: id, [AT_LABEL]: at.toISOString() },
  });
  for (const volume of before)
    if (volume.at.getTime() !== at.getTime()) await removeVolume(docker, volume.name);
}

/** When a sandbox expires, if ever. */
export async function readExpiry(docker: Docker, id: string): Promise<Date | undefined> {
  return (await expiryVolumes(docker, id)).map(({ at }) => at).sort((a, b) => b.getTime() - a.getTime())[0];
}

/** When sandboxes expire, by id. */
export async function readExpiries(docker: Docker): Promise<ReadonlyMap<string, Date>> {
  const expiries = new Map<string, Date>();
  for (const { id, at } of await expiryVolumes(docker)) {
    const known = expiries.get(id);
    if (known === undefined || known < at) expiries.set(id, at);
  }
  return expiries;
}

/** Forgets the expiry of a sandbox that is gone. */
export async function removeExpiry(docker: Docker, id: string): Promise<void> {
  for (const { name } of await expiryVolumes(docker, id)) await removeVolume(docker, name);
}

async function expiryVolumes(
  docker: Docker,
  id?: string,
): Promise<Array<{ name: string; id: string; at: Date }>> {
  const label = id === undefined ? OF_LABEL : `${OF_LABEL}=${id}`;
  const { Volumes } = await docker.listVolumes({ filters: JSON.stringify({ label: [label] }) });
  return (Volumes ?? []).map(({ Name, Labels }) => ({
    name: Name,
    id: Labels[OF_LABEL] ?? '',
    at: new Date(Labels[AT_LABEL] ?? 0),
  }));
}

async function removeVolume(docker: Docker, name: string): Promise<void> {
  try {
    await docker.getVolume(name).remove();
  } catch (error) {
    if (statusCode(error) !== 404) throw error;
  }
}
