import { readFile, realpath } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import * as z from 'zod';
import type { EnsureImageOptions } from './image-options.js';
import { openRepository } from './repository.js';
import { SandboxImageError } from './sandbox-image-error.js';

/** File name of a configuration; a directory that has one is a sandbox project. */
export const IMAGE_CONFIG_FILE = 'sandbox.config.json';

const configSchema = z.strictObject({
  $schema: z.string().optional(),
  /** Repository part of the tags. */
  name: z.string().optional(),
  /** Relative to the configuration file. */
  dockerfile: z.string().default('Dockerfile'),
  target: z.string().optional(),
  baseImage: z.string().optional(),
  buildArgs: z.record(z.string(), z.string()).optional(),
  platform: z.string().optional(),
  network: z.string().optional(),
  submodules: z.enum(['refuse', 'empty']).optional(),
  allowSecrets: z.array(z.string()).optional(),
  registry: z.string().optional(),
  /** Command that tests the image; for the Nx plugin. */
  test: z.string().optional(),
  /** What changes of files ask for while a sandbox runs; for `sandbox dev`. */
  dev: z.unknown().optional(),
});

/** What a configuration file may say, as in the file. */
export type ImageConfig = z.input<typeof configSchema>;

/** Reads how a project builds its image. @returns Options for `ensureImage`, with `repoDir` and `dockerfile` resolved. */
export async function readImageConfig(file: string): Promise<EnsureImageOptions> {
  const {
    $schema: _schema,
    test: _test,
    dev: _dev,
    dockerfile,
    ...config
  } = parseConfig(file, await readConfigFile(file));
  const dir = await realpath(dirname(resolve(file)));
  const { workTree } = await openRepository(dir);
  if (workTree === undefined) {
    throw new SandboxImageError(
      'NO_WORKING_TREE',
      `${file} is in a bare repository: read it from a checkout.`,
    );
  }
  const defined = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
  return {
    ...defined,
    repoDir: workTree,
    dockerfile: relative(await realpath(workTree), resolve(dir, dockerfile)),
  };
}

async function readConfigFile(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new SandboxImageError('INVALID_CONFIG', `${file} cannot be read as JSON: ${String(cause)}`, {
      cause,
    });
  }
}

function parseConfig(file: string, content: unknown): z.output<typeof configSchema> {
  const parsed = configSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new SandboxImageError('INVALID_CONFIG', `${file} is not valid:\n${z.prettifyError(parsed.error)}`, {
    details: { file },
    cause: parsed.error,
  });
}
