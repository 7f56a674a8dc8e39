import { buildContext } from './build-context.js';
import { buildImage } from './build-image.js';
import { findCaBundle } from './ca-bundle.js';
import type { DockerCli } from './docker-cli.js';
import { type EngineImage, inspectImages } from './engine.js';
import { findBuildCli } from './find-build-cli.js';
import { IMAGE_LABELS, imageLabels } from './image-labels.js';
import type { EnsureInput } from './image-options.js';
import type { ImagePlan } from './image-plan.js';
import { type ImageFiles, openImageStore } from './image-store.js';
import { lockKey } from './key-lock.js';
import { findPlanned } from './planned-image.js';
import { pullImage } from './registry.js';
import { SandboxImageError } from './sandbox-image-error.js';
import { refuseSecrets } from './secret-scan.js';
import type { Source } from './source.js';

/**
 * Takes an image that the engine does not have from the registry, or builds it. Calls of all processes for the same key
 * make one build.
 */
export async function obtainImage(
  docker: DockerCli,
  plan: ImagePlan,
  input: EnsureInput,
): Promise<{ image: EngineImage; built: boolean }> {
  const { signal, onProgress } = input;
  const files = await openImageStore(input.storeDir).open(plan.key);
  const asked = Date.now();
  await using lock = await lockKey(files.lockFile, {
    onWait: ({ pid, host }) => onProgress?.({ type: 'waiting', pid, host, logFile: files.logFile }),
    ...(signal ? { signal } : {}),
  });
  if (lock.waited) {
    // What another process made or failed to make in the meantime answers for this one too.
    const image = await findPlanned(docker, plan);
    if (image) {
      onProgress?.({ type: 'found', imageId: image.id, where: 'engine' });
      return { image, built: false };
    }
    const failure = await files.readFailure();
    if (failure && failure.at >= asked) throw failure.error;
  } else if (input.registry && !input.force && !input.noCache) {
    const image = await pullImage(docker, plan, input.registry, onProgress);
    if (image) return { image, built: false };
  }
  try {
    const image = await build(docker, plan, input, files);
    await files.clearFailure();
    return { image, built: true };
  } catch (error) {
    if (error instanceof SandboxImageError && error.code === 'BUILD_FAILED') await files.writeFailure(error);
    throw error;
  }
}

async function build(
  docker: DockerCli,
  { source, key, buildArgs }: ImagePlan,
  input: EnsureInput,
  { logFile, storeDir }: ImageFiles,
): Promise<EngineImage> {
  const { dockerfile, target, platform, network, signal, onProgress } = input;
  const started = performance.now();
  const cli = await findBuildCli();
  await refuseSecrets(source, { allow: input.allowSecrets, cacheDir: storeDir });
  const ca = input.secrets.some((secret) => secret.id === 'ca') ? undefined : await findCaBundle();
  const epoch = sourceDateEpoch(source);
  const context = await buildContext(source, {
    dockerfile,
    submodules: input.submodules,
    mtime: epoch,
  });
  onProgress?.({ type: 'building', key, logFile, command: cli.kind });
  const id = await buildImage({
    cli,
    context,
    dockerfile,
    buildArgs: { SOURCE_DATE_EPOCH: String(epoch), ...buildArgs },
    labels: imageLabels(source, { key, name: input.name }),
    secrets: [...input.secrets, ...(ca ? [{ id: 'ca', src: ca.file }] : [])],
    noCache: input.noCache,
    logFile,
    contextCommand: contextCommand(source.dirty ? undefined : source.commit.id, dockerfile),
    ...(target ? { target } : {}),
    ...(platform ? { platform } : {}),
    ...(network ? { network } : {}),
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {}),
  });
  const [image] = await inspectImages(docker, [id]);
  if (image?.labels[IMAGE_LABELS.key] !== key) {
    throw new SandboxImageError(
      'ENGINE_FAILED',
      `The build ended well, but the engine does not have its image ${id}: it was removed, or the build went to another engine.`,
      { details: { imageId: id, key } },
    );
  }
  onProgress?.({ type: 'built', imageId: id, seconds: (performance.now() - started) / 1000 });
  return image;
}

/** The time of everything in the image that has no time of its own, in seconds since 1970. */
function sourceDateEpoch(source: Source): number {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given === undefined) return source.commit.time;
  if (/^\d{1,12}$/.test(given)) return Number(given);
  throw new SandboxImageError(
    'INVALID_OPTIONS',
    `SOURCE_DATE_EPOCH is "${given}": give whole seconds since 1970, or unset it.`,
  );
}

function contextCommand(ref: string | undefined, dockerfile: string): string {
  return `sandbox image context --dockerfile ${dockerfile}${ref === undefined ? '' : ` --ref ${ref}`}`;
}
