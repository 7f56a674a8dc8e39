import type { DockerCli } from './docker-cli.js';
import { type EngineImage, inspectImages, tagImage } from './engine.js';
import type { ImageEvent } from './image-event.js';
import type { ImagePlan } from './image-plan.js';
import { isPlanned } from './planned-image.js';
import { SandboxImageError } from './sandbox-image-error.js';

/** The tag by which an image is looked up in a registry. */
function keyReference({ key }: ImagePlan, registry: string): string {
  return `${registry}:key-${key.slice(0, 32)}`;
}

/** Tags for people and other systems: the tree, and the branch, which moves on with every push. */
function otherReferences({ source }: ImagePlan, registry: string): string[] {
  const branch = source.dirty
    ? undefined
    : source.branch
        ?.replace(/[^\w.-]+/g, '-')
        .replace(/^[.-]+/, '')
        .slice(0, 120);
  return [
    `${registry}:tree-${source.tree.slice(0, 16)}`,
    ...(branch ? [`${registry}:branch-${branch}`] : []),
  ];
}

/**
 * Pulls the image of this key and commit. A registry that has none is the common case; one that does not answer is
 * told as a warning, since a build gives the same image.
 */
export async function pullImage(
  docker: DockerCli,
  plan: ImagePlan,
  registry: string,
  onProgress: ((event: ImageEvent) => void) | undefined,
): Promise<EngineImage | undefined> {
  const byKey = keyReference(plan, registry);
  let refusal = '';
  await docker.text(['pull', '--quiet', byKey], {
    tolerate: (stderr) => {
      refusal = stderr.trim();
      return true;
    },
  });
  if (refusal !== '') {
    if (!/not found|manifest unknown|does not exist|name unknown/i.test(refusal)) {
      onProgress?.({ type: 'warning', message: `${registry} was not asked for the image: ${refusal}` });
    }
    return undefined;
  }
  const [image] = await inspectImages(docker, [byKey]);
  if (!image || !isPlanned(image, plan)) return undefined;
  onProgress?.({ type: 'found', imageId: image.id, where: 'registry' });
  return image;
}

/** Pushes an image and pulls it back by its digest: what the registry then gives out is what was sent. */
export async function pushImage(
  docker: DockerCli,
  plan: ImagePlan,
  image: EngineImage,
  registry: string,
): Promise<{ reference: string; digest: string }> {
  const byKey = keyReference(plan, registry);
  // The key goes last: whoever finds it finds all of them.
  const all = [...otherReferences(plan, registry), byKey];
  await tagImage(docker, image, all);
  for (const reference of all) await pushTag(docker, reference);
  const [pushed] = await inspectImages(docker, [image.id]);
  const digest = pushed?.digests.find((candidate) => candidate.startsWith(`${registry}@`))?.split('@')[1];
  if (digest === undefined) {
    throw new SandboxImageError('PUSH_FAILED', `${registry} took the image but gave it no digest.`, {
      details: { registry, imageId: image.id },
    });
  }
  await docker.text(['pull', '--quiet', `${registry}@${digest}`]);
  const [back] = await inspectImages(docker, [`${registry}@${digest}`]);
  if (back?.id !== image.id) {
    throw new SandboxImageError(
      'PUSH_FAILED',
      `${registry}@${digest} is ${back?.id ?? 'no image'} when it is pulled back, and not ${image.id}: push again.`,
      { details: { registry, digest, expected: image.id, actual: back?.id } },
    );
  }
  return { reference: byKey, digest };
}

async function pushTag(docker: DockerCli, reference: string): Promise<void> {
  try {
    await docker.text(['push', '--quiet', reference]);
  } catch (error) {
    if (!(error instanceof SandboxImageError) || error.code !== 'ENGINE_FAILED') throw error;
    const host = reference.split('/')[0] ?? '';
    const said = String(error.details.stderr ?? '').trim();
    const hint = /denied|unauthorized|no basic auth/i.test(said) ? ` Log in with: docker login ${host}` : '';
    throw new SandboxImageError('PUSH_FAILED', `${reference} could not be pushed: ${said}${hint}`, {
      details: { reference },
      cause: error,
    });
  }
}
