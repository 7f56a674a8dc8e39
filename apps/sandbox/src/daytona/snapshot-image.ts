import { userInfo } from 'node:os';
import type { EnsureImageOptions } from '@iterate/sandbox-image';
import type { UpImage } from '../up.js';

const NAME_VARIABLE = 'DAYTONA_SNAPSHOT_NAME';
const REGISTRY_VARIABLE = 'SANDBOX_IMAGE_REGISTRY';

/** The stage of this user's own snapshots. */
export function ownStage(): string {
  const user = userInfo()
    .username.toLowerCase()
    .replace(/[^a-z0-9_-]/g, '-');
  return `dev-${user}`;
}

/** The registry that the environment names, for the service to pull from. */
export function givenRegistry(): string | undefined {
  return process.env[REGISTRY_VARIABLE] || undefined;
}

/**
 * The snapshot for `up`: the one that is named, by the option or the environment, or one of the image of the working
 * tree or ref.
 */
export async function snapshotImage(
  image: EnsureImageOptions,
  {
    name = process.env[NAME_VARIABLE],
    signal,
    onLog,
  }: { name: string | undefined; signal: AbortSignal; onLog: (line: string) => void },
): Promise<UpImage> {
  if (name !== undefined && name !== '')
    return { reference: name, key: `snapshot:${name}`, built: false, result: { snapshot: name } };
  const { publishSnapshot } = await import('./publish-snapshot.js');
  const registry = givenRegistry();
  const { image: built, snapshot } = await publishSnapshot({
    stage: ownStage(),
    image,
    signal,
    onLog,
    ...(registry === undefined ? {} : { registry }),
  });
  return {
    reference: snapshot.name,
    key: built.key,
    tree: built.tree,
    built: built.built,
    result: { ...built, snapshot: snapshot.name },
  };
}
