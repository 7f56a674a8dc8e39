import { resolve } from 'node:path';
import { ensureImage, type ImageResult } from '@iterate/sandbox-image';
import { buildDisplay } from '../display/build-display.js';
import { imageSource, type SourceFlags } from '../image-source.js';
import { resultFile } from '../result-file.js';

/** Options of `sandbox snapshot` as the command line gives them. */
export interface SnapshotFlags extends SourceFlags {
  readonly platform?: string;
  readonly network?: string;
  readonly allow: readonly string[];
  readonly registry?: string;
  readonly push?: boolean;
  readonly force?: boolean;
  readonly cache: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

/** `sandbox snapshot` */
export async function snapshotCommand(flags: SnapshotFlags, signal: AbortSignal): Promise<void> {
  const { platform, network, registry, push, force, cache, allow } = flags;
  const out = flags.out === undefined ? undefined : await resultFile(resolve(flags.out));
  const source = await imageSource(process.cwd(), flags);
  const given = { platform, network, registry, push, force };
  const display = buildDisplay(process.stderr);
  let image: ImageResult;
  try {
    image = await ensureImage({
      ...source,
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
      ...(allow.length > 0 ? { allowSecrets: allow } : {}),
      noCache: !cache,
      signal,
      onProgress: (event) => display.event(event),
    });
  } finally {
    display.end();
  }
  await out?.write(receipt(image));
  process.stdout.write(
    flags.json ? `${JSON.stringify(image, undefined, 2)}\n` : `${image.tags[0] ?? image.imageId}\n`,
  );
}

/** Neither times nor whether it was built: what depends on the image is told that it changed only when it did. */
function receipt({ built: _, ...image }: ImageResult): string {
  return `${JSON.stringify(image, undefined, 2)}\n`;
}
