import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type EnsureImageOptions, IMAGE_CONFIG_FILE, readImageConfig } from '@iterate/sandbox-image';
import { CliError } from './cli-error.js';

/** What an image is made of, as the command line gives it. */
export interface SourceFlags {
  readonly ref?: string;
  readonly config?: string;
  readonly dockerfile?: string;
  readonly target?: string;
  readonly name?: string;
  readonly baseImage?: string;
  readonly buildArg?: readonly string[];
}

/** Says what an image is made of when no `--ref` does; scripts that take no arguments set it. */
const REF_VARIABLE = 'SANDBOX_ITERATE_REPO_REF';

/**
 * Joins the project's configuration and the flags, which go before it.
 *
 * @param dir Where the configuration is looked for: here, or in `sandbox/` below.
 */
export async function imageSource(dir: string, flags: SourceFlags): Promise<EnsureImageOptions> {
  const file = flags.config ?? (await findImageConfig(dir));
  const config = file === undefined ? { repoDir: dir } : await readImageConfig(file);
  const { dockerfile, target, name, baseImage } = flags;
  const ref = flags.ref ?? (process.env[REF_VARIABLE] || undefined);
  const given = { ref, dockerfile, target, name, baseImage };
  const buildArgs = { ...config.buildArgs, ...parseBuildArgs(flags.buildArg ?? []) };
  return {
    ...config,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(Object.keys(buildArgs).length > 0 ? { buildArgs } : {}),
  };
}

/** The configuration of the project in a directory: there, or in `sandbox/` below. */
export async function findImageConfig(dir: string): Promise<string | undefined> {
  for (const file of [join(dir, IMAGE_CONFIG_FILE), join(dir, 'sandbox', IMAGE_CONFIG_FILE)]) {
    const exists = await access(file).then(
      () => true,
      () => false,
    );
    if (exists) return file;
  }
  return undefined;
}

function parseBuildArgs(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    list.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) {
        throw new CliError('Usage', `--build-arg ${text} has no value: write <name>=<value>.`, {
          option: '--build-arg',
        });
      }
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}
