import { createDockerCli, type DockerCli } from './docker-cli.js';
import { type EngineImage, findImages, inspectImages } from './engine.js';
import { IMAGE_LABELS } from './image-labels.js';
import { SandboxImageError } from './sandbox-image-error.js';

/** An image of this library on the engine. */
export interface ImageInfo {
  id: string;
  name: string;
  key: string;
  tree: string;
  commit: string;
  branch?: string;
  dirty: boolean;
  tags: string[];
  /** `sha256:…` of the manifest, known once the image was pushed or pulled. */
  digest?: string;
  platform: string;
  /** ISO 8601. */
  created: string;
  /** Bytes, layers shared with other images included. */
  size: number;
  /** Names of the containers made from it, running or not. */
  usedBy: string[];
}

export interface ListImagesOptions {
  /** Only images of this name. @default all */
  name?: string;
  signal?: AbortSignal;
}

/** All images that this library built, newest first. */
export async function listImages(options: ListImagesOptions = {}): Promise<ImageInfo[]> {
  const docker = createDockerCli(options.signal ? { signal: options.signal } : {});
  const [ids, users] = await Promise.all([
    findImages(docker, {
      [IMAGE_LABELS.key]: undefined,
      ...(options.name === undefined ? {} : { [IMAGE_LABELS.name]: options.name }),
    }),
    imageUsers(docker),
  ]);
  const images = await inspectImages(docker, ids);
  return images
    .map((image) => imageInfo(image, users.get(image.id) ?? []))
    .sort((a, b) => Date.parse(b.created) - Date.parse(a.created) || (a.id < b.id ? -1 : 1));
}

/**
 * The newest image that a person may mean: by id, tag, key, tree, commit (each also shortened) or branch.
 */
export async function findImage(wanted: string, options: ListImagesOptions = {}): Promise<ImageInfo> {
  const images = await listImages(options);
  const found = images.find((image) => answersTo(image, wanted));
  if (found) return found;
  const known = [...new Set(images.flatMap((image) => image.branch ?? []))].join(', ');
  throw new SandboxImageError(
    'IMAGE_NOT_FOUND',
    `No image on this engine is or was made from "${wanted}".${known ? ` There are images of ${known}.` : ''}`,
    { details: { wanted } },
  );
}

function answersTo(image: ImageInfo, wanted: string): boolean {
  if (
    image.branch === wanted ||
    image.tags.includes(wanted) ||
    image.tags.includes(`${image.name}:${wanted}`)
  ) {
    return true;
  }
  const hex = wanted.replace(/^sha256:/, '');
  if (!/^[0-9a-f]{4,}$/.test(hex)) return false;
  return [image.id.replace(/^sha256:/, ''), image.key, image.tree, image.commit].some((id) =>
    id.startsWith(hex),
  );
}

function imageInfo(image: EngineImage, usedBy: string[]): ImageInfo {
  const label = (name: keyof typeof IMAGE_LABELS): string => image.labels[IMAGE_LABELS[name]] ?? '';
  const digest = image.digests[0]?.split('@')[1];
  return {
    id: image.id,
    name: label('name'),
    key: label('key'),
    tree: label('tree'),
    commit: label('commit'),
    ...(label('branch') ? { branch: label('branch') } : {}),
    dirty: label('dirty') === 'true',
    tags: [...image.tags],
    ...(digest ? { digest } : {}),
    platform: image.platform,
    created: image.created,
    size: image.size,
    usedBy,
  };
}

/** Image ids to the names of their containers. */
async function imageUsers(docker: DockerCli): Promise<Map<string, string[]>> {
  const users = new Map<string, string[]>();
  const ids = (await docker.text(['ps', '--all', '--quiet', '--no-trunc']))
    .split('\n')
    .filter((id) => id !== '');
  if (ids.length === 0) return users;
  // A container may go between the two calls.
  const listing = await docker.text(['container', 'inspect', '--format', '{{.Image}} {{.Name}}', ...ids], {
    tolerate: (stderr) => /no such container/i.test(stderr),
  });
  for (const line of listing.split('\n')) {
    const [image, name] = line.split(' ');
    if (image && name) users.set(image, [...(users.get(image) ?? []), name.replace(/^\//, '')]);
  }
  return users;
}
