import { RECIPE_VERSION } from './image-key.js';
import type { Source } from './source.js';

const PREFIX = 'dev.iterate.image';

/** Names of the labels that every image carries; the engine is searched by them. */
export const IMAGE_LABELS = {
  key: `${PREFIX}.key`,
  name: `${PREFIX}.name`,
  tree: `${PREFIX}.tree`,
  commit: `${PREFIX}.commit`,
  branch: `${PREFIX}.branch`,
  dirty: `${PREFIX}.dirty`,
  recipe: `${PREFIX}.recipe`,
} as const;

/**
 * The labels of an image. Those of `headLabels` tell images of one key apart: the same files may be in several
 * commits, and the `.git` inside names one of them.
 */
export function imageLabels(source: Source, image: { key: string; name: string }): Record<string, string> {
  return {
    [IMAGE_LABELS.key]: image.key,
    [IMAGE_LABELS.name]: image.name,
    [IMAGE_LABELS.tree]: source.tree,
    [IMAGE_LABELS.recipe]: String(RECIPE_VERSION),
    ...headLabels(source),
  };
}

/** What the `.git` in the image says beyond the files. */
export function headLabels(source: Source): Record<string, string> {
  return {
    [IMAGE_LABELS.commit]: source.commit.id,
    [IMAGE_LABELS.branch]: source.branch ?? '',
    [IMAGE_LABELS.dirty]: String(source.dirty),
  };
}
