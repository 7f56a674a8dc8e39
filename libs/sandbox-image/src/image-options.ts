import * as z from 'zod';
import type { BuildSecret } from './build-image.js';
import type { ImageEvent } from './image-event.js';
import { SandboxImageError } from './sandbox-image-error.js';
import type { Source } from './source.js';

/** Which files make the image, and what they are built with: all that decides its key. */
export interface ImageInputOptions {
  /** Any directory in the repository. */
  repoDir: string;
  /** Branch, tag, SHA, remote branch or other revision. @default the working tree, dirty or not */
  ref?: string;
  /** What these two mean, where the caller resolves it; the caller disposes of it too. @default resolved here */
  source?: Source | Promise<Source>;
  /** Path of the Dockerfile in the repository. @default 'sandbox/Dockerfile' */
  dockerfile?: string;
  /** Stage to stop at. @default the last one */
  target?: string;
  /** Repository part of the tags. @default 'iterate-sandbox' */
  name?: string;
  /**
   * Given to the Dockerfile as `BASE_IMAGE`.
   * @default `<name>-base:local` if the engine has it and the Dockerfile takes it, else what the Dockerfile says
   */
  baseImage?: string;
  /** These are part of the key, and readable in the image's history: no place for secrets. */
  buildArgs?: Readonly<Record<string, string>>;
  /** `os/architecture`. @default the engine's */
  platform?: string;
  signal?: AbortSignal;
}

/** Which image, and how to get it when the engine does not have it. */
export interface EnsureImageOptions extends ImageInputOptions {
  /** No part of the key. A CA bundle set on this machine is added as `ca`. */
  secrets?: readonly BuildSecret[];
  /** Network of build steps: `default`, `host` or `none`. @default the engine's */
  network?: string;
  /** What stands in place of a submodule; its files are in another repository. @default 'refuse' */
  submodules?: 'refuse' | 'empty';
  /** Paths, with `*` and `**`, of files that only look as if they held secrets. @default none */
  allowSecrets?: readonly string[];
  /** Repository of a registry, `host/path`, that is looked into before a build. Logins are those of docker. */
  registry?: string;
  /** Push to `registry`, and verify what has arrived. @default false */
  push?: boolean;
  /** Build even when the image exists; cached layers are used. @default false */
  force?: boolean;
  /** Build even when the image exists, and every layer again: as slow as the first time. @default false */
  noCache?: boolean;
  /** Directory of build logs and locks. @default the user's data directory */
  storeDir?: string;
  onProgress?: (event: ImageEvent) => void;
}

const inputSchema = z.strictObject({
  repoDir: z.string().min(1),
  ref: z
    .string()
    .regex(/^[^-\s][^\s]*$/, 'must be a git revision')
    .optional(),
  source: z
    .custom<Source | Promise<Source>>((value) => typeof value === 'object' && value !== null)
    .optional(),
  dockerfile: z
    .string()
    .regex(/^[^/\s-][^\s]*$/, 'must be a path within the repository')
    .refine((path) => !path.split('/').includes('..'), 'must be a path within the repository')
    .default('sandbox/Dockerfile'),
  target: z.string().min(1).optional(),
  name: z
    .string()
    .regex(/^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/, 'must be a repository name as Docker has it')
    .default('iterate-sandbox'),
  baseImage: z.string().min(1).optional(),
  buildArgs: z.record(z.string().regex(/^\w+$/, 'must be the name of a variable'), z.string()).default({}),
  platform: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+(?:\/[\w.-]+)?$/, 'must be os/architecture')
    .optional(),
  signal: z.custom<AbortSignal>((value) => value instanceof AbortSignal).optional(),
});

const ensureSchema = inputSchema.extend({
  secrets: z
    .array(
      z.object({
        id: z.string().regex(/^[\w.-]+$/),
        src: z.string().regex(/^[^,"]+$/, 'must be a path without comma or quote'),
      }),
    )
    .readonly()
    .default([]),
  network: z.string().min(1).optional(),
  submodules: z.enum(['refuse', 'empty']).default('refuse'),
  allowSecrets: z.array(z.string().min(1)).readonly().default([]),
  registry: z
    .string()
    .regex(/^[a-zA-Z0-9.-]+(?::\d+)?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+$/, 'must be host/path without a tag')
    .optional(),
  push: z.boolean().default(false),
  force: z.boolean().default(false),
  noCache: z.boolean().default(false),
  storeDir: z.string().min(1).optional(),
  onProgress: z.custom<(event: ImageEvent) => void>((value) => typeof value === 'function').optional(),
});

/** Checked, and with its defaults. */
export type ImageInput = z.output<typeof inputSchema>;

/** Checked, and with its defaults. */
export type EnsureInput = z.output<typeof ensureSchema>;

/** Checks the inputs of a key before anything is done with them. */
export function parseInputOptions(options: ImageInputOptions): ImageInput {
  return parse(inputSchema, options);
}

/** Checks all options before anything is done with them. */
export function parseEnsureOptions(options: EnsureImageOptions): EnsureInput {
  const parsed = parse(ensureSchema, options);
  if (parsed.push && parsed.registry === undefined) {
    throw new SandboxImageError('INVALID_OPTIONS', 'Pushing needs a registry: name it as host/path.');
  }
  return parsed;
}

function parse<Schema extends z.ZodType>(schema: Schema, options: unknown): z.output<Schema> {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new SandboxImageError(
    'INVALID_OPTIONS',
    `These options make no image:\n${z.prettifyError(parsed.error)}`,
    { cause: parsed.error },
  );
}
