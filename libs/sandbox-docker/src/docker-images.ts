import type { DriverImages, ImageInfo } from '@iterate/sandbox-provider';
import type { DockerClient } from './docker-client.js';
import { type CallContext, guarded, statusCode } from './docker-error.js';

/** The engine's images. */
export function dockerImages({ docker, endpoint }: DockerClient): DriverImages {
  const context = (operation: string, image?: string): CallContext => ({
    operation,
    endpoint,
    ...(image === undefined ? {} : { image }),
  });
  return {
    has: (reference) =>
      guarded(context('look up an image', reference), async () => {
        try {
          await docker.getImage(reference).inspect();
          return true;
        } catch (error) {
          if (statusCode(error) === 404) return false;
          throw error;
        }
      }),
    list: (filter = {}) =>
      guarded(context('list images'), async () => {
        const label = Object.entries(filter.labels ?? {}).map(([key, value]) => `${key}=${value}`);
        // Podman refuses a filter without a value.
        const filters = label.length === 0 ? {} : { filters: JSON.stringify({ label }) };
        const images = await docker.listImages(filters);
        return images.map(
          (image): ImageInfo => ({
            id: image.Id,
            tags: (image.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'),
            labels: image.Labels ?? {},
            sizeBytes: image.Size,
            createdAt: new Date(image.Created * 1000),
          }),
        );
      }),
    remove: (reference) =>
      guarded(context(`remove the image ${reference}`, reference), async () => {
        try {
          await docker.getImage(reference).remove();
        } catch (error) {
          if (statusCode(error) !== 404) throw error;
        }
      }),
  };
}
