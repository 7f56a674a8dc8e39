import type { DockerCli } from './docker-cli.js';
import { type EngineImage, findImages, inspectImages } from './engine.js';
import { headLabels, IMAGE_LABELS } from './image-labels.js';
import type { ImagePlan } from './image-plan.js';

/**
 * Only an image that says it is of this key and this commit will do. The engine labels an image when it is whole, so a
 * build that was killed leaves none; one of the same files in another commit differs in its `.git`.
 */
export function isPlanned({ labels }: EngineImage, plan: ImagePlan): boolean {
  return Object.entries(labelsOf(plan)).every(([name, value]) => (labels[name] ?? '') === value);
}

/** The image on the engine now, whatever its tags are. */
export async function findPlanned(docker: DockerCli, plan: ImagePlan): Promise<EngineImage | undefined> {
  const [id] = await findImages(docker, labelsOf(plan));
  return id === undefined ? undefined : (await inspectImages(docker, [id]))[0];
}

function labelsOf({ key, source }: ImagePlan): Record<string, string> {
  return { [IMAGE_LABELS.key]: key, ...headLabels(source) };
}
