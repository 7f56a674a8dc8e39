import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import envPaths from 'env-paths';
import * as z from 'zod';
import { replaceFile } from './replace-file.js';
import { SandboxImageError } from './sandbox-image-error.js';

/** What is kept of one image outside the engine. */
export interface ImageFiles {
  dir: string;
  /** What is shared by all images. */
  storeDir: string;
  /** Output of its latest build, whether that succeeded or not. */
  logFile: string;
  lockFile: string;
  /** How the latest build failed; `at` is in ms since 1970. */
  readFailure(): Promise<{ at: number; error: SandboxImageError } | undefined>;
  writeFailure(error: SandboxImageError): Promise<void>;
  clearFailure(): Promise<void>;
}

/** Where this user's build logs and locks are, one directory per image key. */
export interface ImageStore {
  dir: string;
  /** Where the files are, if there are any. */
  files(key: string): ImageFiles;
  /** Makes the image's directory if need be. */
  open(key: string): Promise<ImageFiles>;
}

const failureSchema = z.object({
  at: z.number(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()),
});

/** @param dir @default `ITERATE_SANDBOX_IMAGE_DIR`, else the user's data directory of this system */
export function openImageStore(dir?: string): ImageStore {
  const root =
    dir ??
    process.env.ITERATE_SANDBOX_IMAGE_DIR ??
    join(envPaths('iterate-sandbox', { suffix: '' }).data, 'images');
  return {
    dir: root,
    files: (key) => imageFiles(join(root, key), root),
    async open(key) {
      const files = imageFiles(join(root, key), root);
      await mkdir(files.dir, { recursive: true, mode: 0o700 });
      return files;
    },
  };
}

function imageFiles(dir: string, storeDir: string): ImageFiles {
  const failureFile = join(dir, 'failure.json');
  return {
    dir,
    storeDir,
    logFile: join(dir, 'build.log'),
    lockFile: join(dir, 'lock'),
    async readFailure() {
      let text: string;
      try {
        text = await readFile(failureFile, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
      const { at, message, details } = failureSchema.parse(JSON.parse(text));
      return { at, error: new SandboxImageError('BUILD_FAILED', message, { details }) };
    },
    writeFailure: ({ message, details }) =>
      replaceFile(failureFile, JSON.stringify({ at: Date.now(), message, details })),
    clearFailure: () => rm(failureFile, { force: true }),
  };
}
