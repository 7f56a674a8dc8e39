import { createDockerCli, type DockerCli } from './docker-cli.js';
import { type EngineImage, tagImage } from './engine.js';
import { type EnsureImageOptions, type EnsureInput, parseEnsureOptions } from './image-options.js';
import { type ImagePlan, planImage } from './image-plan.js';
import { findPlanned, isPlanned } from './planned-image.js';

/** An image that exists on the engine. */
export interface ImageResult {
  key: string;
  imageId: string;
  /** `sha256:…` of the manifest, known once the image was pushed or pulled. */
  digest?: string;
  tags: string[];
  platform: string;
  tree: string;
  commit: string;
  branch?: string;
  dirty: boolean;
  /** Whether this call built it. */
  built: boolean;
}

/**
 * Makes sure that the engine has the image of a git ref, or of the working tree, and says which it is: the engine is
 * asked first, then the registry, then BuildKit. An image that exists costs a few git and docker commands.
 *
 * @example
 * const { imageId } = await ensureImage({ repoDir: '.', ref: 'main', dockerfile: 'Dockerfile', name: 'my-app' });
 */
export async function ensureImage(options: EnsureImageOptions): Promise<ImageResult> {
  const input = parseEnsureOptions(options);
  const { signal, onProgress } = input;
  const docker = createDockerCli(signal ? { signal } : {});
  await using plan = await planImage(docker, input);
  const { source } = plan;
  const { commit, tree, dirty, branch } = source;
  onProgress?.({ type: 'resolved', commit: commit.id, tree, dirty, ...(branch ? { branch } : {}) });

  const anew = input.force || input.noCache;
  const present = anew ? undefined : await findPresent(docker, plan);
  if (present) onProgress?.({ type: 'found', imageId: present.id, where: 'engine' });
  const { image, built } = present
    ? { image: present, built: false }
    : await (await import('./obtain-image.js')).obtainImage(docker, plan, input);
  await tagImage(docker, image, plan.tags);
  const digest = input.push ? await push(docker, plan, image, input) : image.digests[0]?.split('@')[1];
  return {
    key: plan.key,
    imageId: image.id,
    ...(digest ? { digest } : {}),
    tags: [...plan.tags],
    platform: image.platform,
    tree,
    commit: commit.id,
    ...(branch ? { branch } : {}),
    dirty,
    built,
  };
}

/** The tag of the tree finds it in most cases, and was asked for already; labels find it without its tags too. */
async function findPresent(docker: DockerCli, plan: ImagePlan): Promise<EngineImage | undefined> {
  return plan.tagged && isPlanned(plan.tagged, plan) ? plan.tagged : findPlanned(docker, plan);
}

async function push(
  docker: DockerCli,
  plan: ImagePlan,
  image: EngineImage,
  { registry, onProgress }: EnsureInput,
): Promise<string | undefined> {
  if (registry === undefined) return undefined;
  const { pushImage } = await import('./registry.js');
  const pushed = await pushImage(docker, plan, image, registry);
  onProgress?.({ type: 'pushed', ...pushed });
  return pushed.digest;
}
