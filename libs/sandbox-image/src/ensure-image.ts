import { z } from 'zod';
import { readBaseImages } from './base-images.js';
import { buildContext } from './build-context.js';
import { type BuildSecret, buildImage } from './build-image.js';
import type { BuildProgressEvent } from './build-progress.js';
import { findCaBundle } from './ca-bundle.js';
import { createDockerCli, type DockerCli } from './docker-cli.js';
import { type EngineImage, enginePlatform, findImages, inspectImages, tagImage } from './engine.js';
import { findBuildCli } from './find-build-cli.js';
import { imageKey } from './image-key.js';
import { headLabels, IMAGE_LABELS, imageLabels } from './image-labels.js';
import { openImageStore } from './image-store.js';
import { SandboxImageError } from './sandbox-image-error.js';
import { resolveSource, type Source } from './source.js';

/** What happens on the way to an image. */
export type ImageEvent =
  | { type: 'resolved'; commit: string; tree: string; dirty: boolean; branch?: string }
  | { type: 'found'; imageId: string }
  | { type: 'building'; key: string; logFile: string; command: 'buildx' | 'classic' | 'standalone-buildx' }
  | BuildProgressEvent
  | { type: 'built'; imageId: string; seconds: number };

/** Which image, and how to build it if the engine does not have it. */
export interface EnsureImageOptions {
  /** Any directory in the repository. */
  repoDir: string;
  /** Path of the Dockerfile in the repository. @default 'sandbox/Dockerfile' */
  dockerfile?: string;
  /** Stage to stop at. @default the last one */
  target?: string;
  /** Branch, tag, SHA, remote branch or other revision. @default the working tree, dirty or not */
  ref?: string;
  /** Repository part of the tags. @default 'iterate-sandbox' */
  name?: string;
  /**
   * Given to the Dockerfile as `BASE_IMAGE`.
   * @default `<name>-base:local` if the engine has it and the Dockerfile takes it, else what the Dockerfile says
   */
  baseImage?: string;
  /** These are part of the key, and readable in the image's history: no place for secrets. */
  buildArgs?: Readonly<Record<string, string>>;
  /** No part of the key. A CA bundle set on this machine is added as `ca`. */
  secrets?: readonly BuildSecret[];
  /** `os/architecture`. @default the engine's */
  platform?: string;
  /** Network of build steps: `default`, `host` or `none`. @default the engine's */
  network?: string;
  /** What stands in place of a submodule; its files are in another repository. @default 'refuse' */
  submodules?: 'refuse' | 'empty';
  /** Build even when the engine has the image, and every layer again. @default false */
  force?: boolean;
  /** Directory of build logs. @default the user's data directory */
  storeDir?: string;
  onProgress?: (event: ImageEvent) => void;
  signal?: AbortSignal;
}

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

const optionsSchema = z.object({
  repoDir: z.string().min(1),
  dockerfile: z
    .string()
    .regex(/^[^/\s-][^\s]*$/, 'must be a path within the repository')
    .refine((path) => !path.split('/').includes('..'), 'must be a path within the repository')
    .default('sandbox/Dockerfile'),
  target: z.string().min(1).optional(),
  ref: z
    .string()
    .regex(/^[^-\s][^\s]*$/, 'must be a git revision')
    .optional(),
  name: z
    .string()
    .regex(/^[a-z0-9]+(?:[._/:-][a-z0-9]+)*$/, 'must be a repository name as Docker has it')
    .default('iterate-sandbox'),
  baseImage: z.string().min(1).optional(),
  buildArgs: z.record(z.string().regex(/^\w+$/), z.string()).default({}),
  secrets: z
    .array(z.object({ id: z.string().regex(/^[\w.-]+$/), src: z.string().regex(/^[^,]+$/) }))
    .default([]),
  platform: z
    .string()
    .regex(/^[\w.-]+\/[\w./-]+$/, 'must be os/architecture')
    .optional(),
  network: z.string().min(1).optional(),
  submodules: z.enum(['refuse', 'empty']).default('refuse'),
  force: z.boolean().default(false),
  storeDir: z.string().min(1).optional(),
});
type Options = z.infer<typeof optionsSchema> & Pick<EnsureImageOptions, 'onProgress' | 'signal'>;

/**
 * Makes sure that the engine has the image of a git ref, or of the working tree, and says which it is.
 * An image that exists costs a few git and docker commands; one that does not costs a build.
 */
export async function ensureImage(options: EnsureImageOptions): Promise<ImageResult> {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) {
    throw new SandboxImageError(
      'INVALID_OPTIONS',
      `These options make no image: ${z.prettifyError(parsed.error)}`,
      {
        cause: parsed.error,
      },
    );
  }
  const { onProgress, signal } = options;
  const complete: Options = {
    ...parsed.data,
    ...(onProgress ? { onProgress } : {}),
    ...(signal ? { signal } : {}),
  };
  const docker = createDockerCli(signal ? { signal } : {});
  const [sourceOutcome, platformOutcome] = await Promise.allSettled([
    resolveSource(complete as Parameters<typeof resolveSource>[0]),
    complete.platform ?? enginePlatform(docker),
  ]);
  if (sourceOutcome.status === 'rejected') throw sourceOutcome.reason;
  const source = sourceOutcome.value;
  try {
    if (platformOutcome.status === 'rejected') throw platformOutcome.reason;
    return await ensureImageOf(source, docker, platformOutcome.value, complete);
  } finally {
    await source[Symbol.asyncDispose]();
  }
}

async function ensureImageOf(
  source: Source,
  docker: DockerCli,
  platform: string,
  options: Options,
): Promise<ImageResult> {
  const { commit, tree, dirty, branch } = source;
  options.onProgress?.({ type: 'resolved', commit: commit.id, tree, dirty, ...(branch ? { branch } : {}) });
  const { buildArgs, bases } = await chooseBases(source, docker, options);
  const key = imageKey({
    tree,
    dockerfile: options.dockerfile,
    ...(options.target ? { target: options.target } : {}),
    bases,
    buildArgs,
    platform,
  });
  const existing = options.force ? undefined : await findImage(docker, key, source);
  if (existing) options.onProgress?.({ type: 'found', imageId: existing.id });
  const image = existing ?? (await build(source, docker, key, buildArgs, options));
  const tags = [`${options.name}:tree-${tree.slice(0, 16)}`, `${options.name}:local`];
  await tagImage(docker, image, tags);
  const digest = image.digests[0]?.split('@')[1];
  return {
    key,
    imageId: image.id,
    ...(digest ? { digest } : {}),
    tags,
    platform: image.platform,
    tree,
    commit: commit.id,
    ...(branch ? { branch } : {}),
    dirty,
    built: existing === undefined,
  };
}

/** Only an image that says it is of this key and this commit will do; the engine labels an image when it is whole. */
async function findImage(docker: DockerCli, key: string, source: Source): Promise<EngineImage | undefined> {
  const [id] = await findImages(docker, { [IMAGE_LABELS.key]: key, ...headLabels(source) });
  return id === undefined ? undefined : (await inspectImages(docker, [id]))[0];
}

async function chooseBases(
  source: Source,
  docker: DockerCli,
  options: Options,
): Promise<{ buildArgs: Record<string, string>; bases: { reference: string; id: string }[] }> {
  const dockerfile = await readDockerfile(source, options.dockerfile);
  const takesBase = 'BASE_IMAGE' in readBaseImages(dockerfile).args;
  if (options.baseImage && !takesBase) {
    throw new SandboxImageError(
      'INVALID_OPTIONS',
      `${options.dockerfile} has no "ARG BASE_IMAGE" before its first FROM, so the base image ${options.baseImage} would have no effect.`,
    );
  }
  const local = `${options.name}-base:local`;
  const given = options.baseImage ?? options.buildArgs.BASE_IMAGE;
  const withBase = (base: string | undefined): Record<string, string> => ({
    ...options.buildArgs,
    ...(base ? { BASE_IMAGE: base } : {}),
  });
  const asked = [
    ...readBaseImages(dockerfile, withBase(given)).references,
    ...(takesBase && !given ? [local] : []),
  ];
  const present = await inspectImages(docker, asked);
  const idOf = (reference: string): string | undefined =>
    present.find((image) => isNamed(image, reference))?.id;
  const base = given ?? (takesBase && idOf(local) ? local : undefined);
  const buildArgs = withBase(base);
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
  // A missing one is reported with the names of others when the context is made.
  if (found.exitCode === 0) return found.stdout;
  await buildContext(source, { dockerfile: path });
  return '';
}

async function build(
  source: Source,
  docker: DockerCli,
  key: string,
  buildArgs: Record<string, string>,
  options: Options,
): Promise<EngineImage> {
  const started = performance.now();
  const { logFile } = await openImageStore(options.storeDir).open(key);
  const cli = await findBuildCli();
  options.onProgress?.({ type: 'building', key, logFile, command: cli.kind });
  const ca = options.secrets.some((secret) => secret.id === 'ca') ? undefined : await findCaBundle();
  const epoch = process.env.SOURCE_DATE_EPOCH ?? String(source.commit.time);
  const context = await buildContext(source, {
    dockerfile: options.dockerfile,
    submodules: options.submodules,
    mtime: Number(epoch),
  });
  const id = await buildImage({
    cli,
    context,
    dockerfile: options.dockerfile,
    buildArgs: { SOURCE_DATE_EPOCH: epoch, ...buildArgs },
    labels: imageLabels(source, { key, name: options.name }),
    secrets: [...options.secrets, ...(ca ? [{ id: 'ca', src: ca.file }] : [])],
    noCache: options.force,
    logFile,
    contextCommand: `sandbox image context${source.dirty ? '' : ` --ref ${source.commit.id}`}`,
    ...(options.target ? { target: options.target } : {}),
    ...(options.platform ? { platform: options.platform } : {}),
    ...(options.network ? { network: options.network } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  });
  const [image] = await inspectImages(docker, [id]);
  if (image?.labels[IMAGE_LABELS.key] !== key) {
    throw new SandboxImageError(
      'ENGINE_FAILED',
      `The build ended well, but the engine does not have the image ${id}.`,
      {
        details: { imageId: id, key },
      },
    );
  }
  const seconds = (performance.now() - started) / 1000;
  options.onProgress?.({ type: 'built', imageId: id, seconds });
  return image;
}
