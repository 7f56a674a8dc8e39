import { readBaseImages } from './base-images.js';
import { refuseMissingDockerfile } from './build-context.js';
import type { DockerCli } from './docker-cli.js';
import { type EngineImage, enginePlatform, inspectImages } from './engine.js';
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
}

/** Resolves the files, the base images and the platform, and so the key. */
export async function planImage(docker: DockerCli, options: ImageInput): Promise<ImagePlan> {
  const { repoDir, ref, signal } = options;
  const [sourceOutcome, platformOutcome] = await Promise.allSettled([
    resolveSource({ repoDir, ...(ref === undefined ? {} : { ref }), ...(signal ? { signal } : {}) }),
    options.platform ?? enginePlatform(docker),
  ]);
  if (sourceOutcome.status === 'rejected') throw sourceOutcome.reason;
  const source = sourceOutcome.value;
  try {
    if (platformOutcome.status === 'rejected') throw platformOutcome.reason;
    const platform = platformOutcome.value;
    const { buildArgs, bases } = await chooseBases(source, docker, options);
    const { dockerfile, target } = options;
    const key = imageKey({
      tree: source.tree,
      dockerfile,
      bases,
      buildArgs,
      platform,
      ...(target === undefined ? {} : { target }),
    });
    return { source, key, buildArgs, platform, [Symbol.asyncDispose]: () => source[Symbol.asyncDispose]() };
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

async function chooseBases(
  source: Source,
  docker: DockerCli,
  options: ImageInput,
): Promise<{ buildArgs: Record<string, string>; bases: { reference: string; id: string }[] }> {
  const dockerfile = await readDockerfile(source, options.dockerfile);
  const takesBase = 'BASE_IMAGE' in readBaseImages(dockerfile).args;
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
  const asked = readBaseImages(dockerfile, withBase(given)).references;
  const present = await inspectImages(docker, [...asked, ...(takesBase && !given ? [local] : [])]);
  const idOf = (reference: string): string | undefined =>
    present.find((image) => isNamed(image, reference))?.id;
  const buildArgs = withBase(given ?? (takesBase && idOf(local) ? local : undefined));
  const { references } = readBaseImages(dockerfile, buildArgs);
  return {
    buildArgs,
    bases: references.map((reference) => ({ reference, id: idOf(reference) ?? reference })),
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
