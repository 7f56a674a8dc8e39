export { buildContext, type ContextOptions } from './build-context.js';
export type { BuildSecret } from './build-image.js';
export type { BuildProgressEvent } from './build-progress.js';
export { type CaBundle, findCaBundle } from './ca-bundle.js';
export { type EnsureImageOptions, ensureImage, type ImageEvent, type ImageResult } from './ensure-image.js';
export { type BuildCli, findBuildCli } from './find-build-cli.js';
export { IMAGE_LABELS } from './image-labels.js';
export { SandboxImageError, type SandboxImageErrorCode } from './sandbox-image-error.js';
export { resolveSource, type Source } from './source.js';
