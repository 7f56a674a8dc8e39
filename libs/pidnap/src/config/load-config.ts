import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PidnapError } from '../pidnap-error.js';
import { resolveConfig } from './resolve-config.js';
import type { Spec } from './spec.js';

const extensions = ['ts', 'mts', 'js', 'mjs', 'json', 'yaml', 'yml'];

/** Names looked for in a directory, in this order. */
export const configNames: readonly string[] = extensions.map((extension) => `pidnap.config.${extension}`);

/** How to find and read a configuration. */
export interface LoadConfigOptions {
  /** A file, or a directory that has one of {@link configNames}. @default the current directory */
  readonly path?: string;
  /** @default process.env */
  readonly processEnv?: Readonly<NodeJS.ProcessEnv>;
}

/**
 * Finds, reads and validates a configuration.
 *
 * @throws PidnapError `config-not-found` or `config-invalid`
 */
export async function loadConfig(options: LoadConfigOptions = {}): Promise<Spec> {
  const configFile = findConfig(options.path ?? '.');
  return resolveConfig(await readConfig(configFile), {
    configFile,
    baseDir: dirname(configFile),
    processEnv: options.processEnv ?? process.env,
  });
}

/** The absolute path of the configuration at or in `path`. */
export function findConfig(path: string): string {
  const start = resolve(path);
  if (existsSync(start) && !statSync(start).isDirectory()) return start;
  const found = configNames.map((name) => join(start, name)).find((candidate) => existsSync(candidate));
  if (found !== undefined) return found;
  throw new PidnapError(
    'config-not-found',
    existsSync(start)
      ? `No configuration in ${start}: looked for ${configNames.join(', ')}. Name one with --config.`
      : `There is no configuration ${start}.`,
    { details: { path: start } },
  );
}

async function readConfig(file: string): Promise<unknown> {
  try {
    switch (extname(file)) {
      case '.json':
        return JSON.parse(readFileSync(file, 'utf8'));
      case '.yaml':
      case '.yml': {
        const { default: yaml } = await import('yaml');
        return yaml.parse(readFileSync(file, 'utf8'));
      }
      default:
        return defaultExport(await importModule(file), file);
    }
  } catch (cause) {
    if (cause instanceof PidnapError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PidnapError('config-invalid', `The configuration ${file} cannot be read: ${reason}`, {
      cause,
      details: { configFile: file, issues: [{ path: '(the file)', message: reason }] },
    });
  }
}

let reads = 0;

/**
 * Node strips types itself where it can; older ones get jiti. Each call reads the file anew. A number tells the
 * reads apart, not the time: the next manager then finds the stripped module in Node's compile cache.
 */
async function importModule(file: string): Promise<unknown> {
  const typescript = file.endsWith('ts');
  if (!typescript || process.features.typescript) {
    const url = pathToFileURL(file);
    url.searchParams.set('read', String(reads++));
    return import(url.href);
  }
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url, { moduleCache: false, fsCache: false }).import(file);
}

function defaultExport(module: unknown, file: string): unknown {
  if (typeof module === 'object' && module !== null && 'default' in module) return module.default;
  throw new PidnapError(
    'config-invalid',
    `${file} has no default export: write "export default defineConfig({…})".`,
    {
      details: { configFile: file, issues: [{ path: '(the file)', message: 'no default export' }] },
    },
  );
}
