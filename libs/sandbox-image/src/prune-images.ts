import { readdir, rm, stat } from 'node:fs/promises';
import { createDockerCli, type DockerCli } from './docker-cli.js';
import { openImageStore } from './image-store.js';
import { type ImageInfo, type ListImagesOptions, listImages } from './list-images.js';
import { SandboxImageError } from './sandbox-image-error.js';

export interface PruneImagesOptions extends ListImagesOptions {
  /** How many images stay of each name and branch. @default 3 */
  keep?: number;
  /** Only say what would be removed. @default false */
  dryRun?: boolean;
  storeDir?: string;
}

/** Why an image stays. */
export type KeepReason = 'in use' | 'recent';

export interface PruneResult {
  removed: ImageInfo[];
  kept: { image: ImageInfo; reason: KeepReason }[];
}

/** A log without an image is of a failed build, or of an image removed by hand; it is of use for so long. */
const LOG_DAYS = 14;

/**
 * Removes all but the newest images of each branch, never one that a container is made from. Images of a detached HEAD
 * count as one branch.
 */
export async function pruneImages(options: PruneImagesOptions = {}): Promise<PruneResult> {
  const { keep = 3, dryRun = false } = options;
  if (!Number.isInteger(keep) || keep < 0) {
    throw new SandboxImageError(
      'INVALID_OPTIONS',
      `${keep} images cannot be kept: give a whole number from 0 on.`,
    );
  }
  const plan = planPrune(await listImages(options), keep);
  if (dryRun) return plan;
  const docker = createDockerCli(options.signal ? { signal: options.signal } : {});
  const result: PruneResult = { removed: [], kept: [...plan.kept] };
  for (const image of plan.removed) {
    if (await removeImage(docker, image)) result.removed.push(image);
    else result.kept.push({ image, reason: 'in use' });
  }
  await pruneLogs(result, options);
  return result;
}

/** Decides what goes. @param images Newest first. */
export function planPrune(images: readonly ImageInfo[], keep: number): PruneResult {
  const seen = new Map<string, number>();
  const plan: PruneResult = { removed: [], kept: [] };
  for (const image of images) {
    const line = `${image.name}\n${image.branch ?? ''}`;
    const rank = seen.get(line) ?? 0;
    seen.set(line, rank + 1);
    if (image.usedBy.length > 0) plan.kept.push({ image, reason: 'in use' });
    else if (rank < keep) plan.kept.push({ image, reason: 'recent' });
    else plan.removed.push(image);
  }
  return plan;
}

/** @returns Whether it is gone; the engine refuses when a container was made from it a moment ago. */
async function removeImage(docker: DockerCli, image: ImageInfo): Promise<boolean> {
  let refused = false;
  const tolerate = (stderr: string): boolean => {
    refused = /conflict|being used|is using/i.test(stderr);
    return refused || /no such image/i.test(stderr);
  };
  // Without its tags first, an image that has several cannot be removed unless by force, which asks no container.
  await docker.text(['rmi', ...(image.tags.length > 0 ? image.tags : [image.id])], { tolerate });
  if (!refused && image.tags.length > 0) await docker.text(['rmi', image.id], { tolerate });
  return !refused;
}

async function pruneLogs({ removed, kept }: PruneResult, options: PruneImagesOptions): Promise<void> {
  const store = openImageStore(options.storeDir);
  // Images of another name, which were not asked for, have their logs here too.
  const present = new Set(
    (await listImages(options.signal ? { signal: options.signal } : {})).map(({ key }) => key),
  );
  for (const { image } of kept) present.add(image.key);
  const gone = new Set(removed.map((image) => image.key));
  const oldest = Date.now() - LOG_DAYS * 24 * 60 * 60 * 1000;
  for (const key of await keysIn(store.dir)) {
    if (present.has(key)) continue;
    const { dir } = store.files(key);
    if (gone.has(key) || (await stat(dir)).mtimeMs < oldest) await rm(dir, { recursive: true, force: true });
  }
}

async function keysIn(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir)).filter((name) => /^[0-9a-f]{64}$/.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
