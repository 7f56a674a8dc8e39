import type { DockerCli } from './docker-cli.js';
import type { EngineSocket } from './engine-socket.js';
import { SandboxImageError } from './sandbox-image-error.js';

/** An image on the engine. */
export interface EngineImage {
  id: string;
  /** `os/architecture`. */
  platform: string;
  tags: readonly string[];
  /** `repository@sha256:…`, known once the image was pushed or pulled. */
  digests: readonly string[];
  labels: Readonly<Record<string, string>>;
  /** ISO 8601. */
  created: string;
  /** Bytes of all layers. */
  size: number;
}

/** `os/architecture` of the engine, which is what it builds for unless told otherwise. */
export async function enginePlatform(docker: DockerCli): Promise<string> {
  const platform =
    (await bySocket(docker, platformOf)) ??
    (await docker.text(['version', '--format', '{{.Server.Os}}/{{.Server.Arch}}']));
  if (!/^\w+\/\w+$/.test(platform)) {
    throw new SandboxImageError(
      'ENGINE_FAILED',
      `docker version does not name the engine's platform: "${platform}".`,
    );
  }
  return platform;
}

/** The images of these ids or tags that exist, in no certain order. */
export async function inspectImages(
  docker: DockerCli,
  references: readonly string[],
): Promise<EngineImage[]> {
  if (references.length === 0) return [];
  const inspected =
    (await bySocket(docker, (socket) => inspect(socket, references))) ??
    (await inspectByCli(docker, references));
  return inspected.map((image) => ({
    id: image.Id,
    platform: `${image.Os}/${image.Architecture}`,
    tags: image.RepoTags ?? [],
    digests: image.RepoDigests ?? [],
    labels: image.Config?.Labels ?? {},
    created: image.Created ?? '',
    size: image.Size ?? 0,
  }));
}

/** What goes wrong there is asked again of the command, which says it best. */
async function bySocket<T>(
  docker: DockerCli,
  ask: (socket: EngineSocket) => Promise<T>,
): Promise<T | undefined> {
  const socket = await docker.socket();
  return socket === undefined ? undefined : ask(socket).catch(() => undefined);
}

async function platformOf(socket: EngineSocket): Promise<string> {
  const { Os, Arch } = (await socket.get('/version')) as { Os: string; Arch: string };
  return `${Os}/${Arch}`;
}

async function inspect(socket: EngineSocket, references: readonly string[]): Promise<InspectedImage[]> {
  const answers = await Promise.all(
    references.map((reference) => socket.get(`/images/${encodeURI(reference)}/json`)),
  );
  return answers.filter((answer) => answer !== undefined) as InspectedImage[];
}

async function inspectByCli(docker: DockerCli, references: readonly string[]): Promise<InspectedImage[]> {
  const tolerate = (stderr: string): boolean =>
    stderr
      .split('\n')
      .filter((line) => line.trim() !== '')
      .every((line) => /no such image|no such object/i.test(line));
  const output = await docker.text(['image', 'inspect', ...references], { tolerate });
  return JSON.parse(output || '[]') as InspectedImage[];
}

/** Ids of the images that have all of these labels, newest first. Untagged ones count. */
export async function findImages(
  docker: DockerCli,
  labels: Readonly<Record<string, string | undefined>>,
): Promise<string[]> {
  const filters = Object.entries(labels).flatMap(([name, value]) => [
    '--filter',
    value === undefined ? `label=${name}` : `label=${name}=${value}`,
  ]);
  const output = await docker.text(['images', '--no-trunc', '--quiet', ...filters]);
  return [...new Set(output.split('\n').filter((line) => line !== ''))];
}

/** Gives an image the tags it does not have yet; a tag moves from whichever image had it. */
export async function tagImage(
  docker: DockerCli,
  image: EngineImage,
  tags: readonly string[],
): Promise<void> {
  for (const tag of tags.filter((candidate) => !image.tags.includes(candidate))) {
    await docker.text(['tag', image.id, tag]);
  }
}

/** The part of Docker's answer that is read here. */
interface InspectedImage {
  Id: string;
  Os: string;
  Architecture: string;
  RepoTags?: string[] | null;
  RepoDigests?: string[] | null;
  Config?: { Labels?: Record<string, string> | null } | null;
  Created?: string;
  Size?: number;
}
