import type { DockerCli } from './docker-cli.js';
import { type EngineImage, enginePlatform, inspectImages } from './engine.js';
import { refuseMissingDockerfile } from './find-dockerfile.js';
import { imageKey } from './image-key.js';
import type { ImageInput } from './image-options.js';
import { SandboxImageError } from './sandbox-image-error.js';
import { resolveSource, type Source } from './source.js';

/** Everything known of an image before it exists. Dispose it: it holds its source. */
export interface ImagePlan extends AsyncDisposable {
  source: Source;
  key: string;
  buildArgs: Readonly<Record<string, string>>;
  platform: string;
  /** What the image is tagged with; the first tag is of its tree. */
  tags: readonly [ofTree: string, ofName: string];
  /** The image that has the tag of the tree now. It may be of another key. */
  tagged?: EngineImage;
}

/** Resolves the files, the base images and the platform, and so the key. */
export async function planImage(docker: DockerCli, options: ImageInput): Promise<ImagePlan> {
  const { dockerfile, target, name } = options;
  // A docker command takes longer than git does: the engine is asked meanwhile. It fails where it is waited for.
  const asked = Promise.resolve(options.platform ?? enginePlatform(docker));
  asked.catch(() => undefined);
  const source =
    options.source === undefined ? await resolveOwn(options) : { ...(await options.source), ...keptByCaller };
  try {
    const tags = [`${name}:tree-${source.tree.slice(0, 16)}`, `${name}:local`] as const;
    const [platform, { buildArgs, bases, tagged }] = await Promise.all([
      asked,
      askEngine(source, docker, tags[0], options),
    ]);
    const key = imageKey({
      tree: source.tree,
      dockerfile,
      bases,
      buildArgs,
      platform,
      ...(target === undefined ? {} : { target }),
    });
    return {
      source,
      key,
      buildArgs,
      platform,
      tags,
      ...(tagged ? { tagged } : {}),
      [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
    };
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

const keptByCaller: AsyncDisposable = { [Symbol.asyncDispose]: async () => {} };

function resolveOwn({ repoDir, ref, signal }: ImageInput): Promise<Source> {
  return resolveSource({ repoDir, ...(ref === undefined ? {} : { ref }), ...(signal ? { signal } : {}) });
}

/** One question to the engine: what the base images are, and whether the image itself may be there already. */
async function askEngine(
  source: Source,
  docker: DockerCli,
  tag: string,
  options: ImageInput,
): Promise<{
  buildArgs: Record<string, string>;
  bases: { reference: string; id: string }[];
  tagged: EngineImage | undefined;
}> {
  // What asks for no key does without the parser.
  const [{ readBaseImages }, text] = await Promise.all([
    import('./base-images.js'),
    readDockerfile(source, options.dockerfile),
  ]);
  const bases = readBaseImages(text);
  const takesBase = bases.takes('BASE_IMAGE');
  if (options.baseImage && !takesBase) {
    throw new SandboxImageError(
      'INVALID_OPTIONS',
      `${options.dockerfile} has no "ARG BASE_IMAGE" before its first FROM: the base image ${options.baseImage} would have no effect.`,
    );
  }
  const local = `${options.name}-base:local`;
  const given = options.baseImage ?? options.buildArgs.BASE_IMAGE;
  const withBase = (base: string | undefined): Record<string, string> => ({
    ...options.buildArgs,
    ...(base ? { BASE_IMAGE: base } : {}),
  });
  const asked = bases.references(withBase(given));
  const present = await inspectImages(docker, [...asked, ...(takesBase && !given ? [local] : []), tag]);
  const named = (reference: string) => present.find((image) => isNamed(image, reference));
  const buildArgs = withBase(given ?? (takesBase && named(local) ? local : undefined));
  return {
    buildArgs,
    bases: bases
      .references(buildArgs)
      .map((reference) => ({ reference, id: named(reference)?.id ?? reference })),
    tagged: named(tag),
  };
}

function isNamed(image: EngineImage, reference: string): boolean {
  const tagged = /[@:][^/]*$/.test(reference) ? reference : `${reference}:latest`;
  return [reference, tagged].some((name) => [image.id, ...image.tags, ...image.digests].includes(name));
}

async function readDockerfile(source: Source, path: string): Promise<string> {
  const found = await source.git.attempt(['cat-file', 'blob', `${source.tree}:${path}`]);
  if (found.exitCode !== 0) await refuseMissingDockerfile(source, path);
  return found.stdout;
}
