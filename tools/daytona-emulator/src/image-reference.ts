import { ApiError } from './api-error.js';

const SNAPSHOT_NAME = /^[a-zA-Z0-9_.\-:]+(\/[a-zA-Z0-9_.\-:]+)*(@sha256:[a-f0-9]{64})?$/;

/** @throws ApiError 400 for a name the service refuses */
export function checkSnapshotName(name: string): void {
  if (!SNAPSHOT_NAME.test(name)) {
    throw new ApiError(
      400,
      `Invalid snapshot name format. May only contain letters, digits, dots, colons, slashes and dashes: ${name}`,
    );
  }
}

/** @throws ApiError 400 for a reference without a tag or with `:latest` */
export function checkImageReference(image: string): void {
  if (/\s/.test(image)) throw new ApiError(400, 'Image name must not contain whitespace');
  if (image.includes('@sha256:')) return;
  const tag = image.slice(image.lastIndexOf('/') + 1).split(':')[1];
  if (tag === undefined || tag === '')
    throw new ApiError(400, 'Image name must include a tag (e.g., ubuntu:22.04)');
  if (tag === 'latest') throw new ApiError(400, 'Images with tag ":latest" are not allowed');
}

/** Whether the reference names a registry by its host, so that it must be pulled from there. */
export function hasRegistryHost(image: string): boolean {
  const [first = '', rest] = image.split('/', 2);
  return rest !== undefined && (first.includes('.') || first.includes(':') || first === 'localhost');
}
