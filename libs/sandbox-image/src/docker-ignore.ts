import { readText } from './read-text.js';
import type { Source } from './source.js';
import type { TreeEntry } from './tree-entries.js';

type Dockerignore = () => { add(rules: string): { ignores(path: string): boolean } };

/**
 * The rule of the tree's `.dockerignore`, or of `<dockerfile>.dockerignore` which goes before it. Docker itself
 * applies these to a directory, but not to a tar.
 *
 * @returns Whether a path stays out of the context.
 */
export async function ignoreRule(
  source: Source,
  entries: readonly TreeEntry[],
  dockerfile: string,
): Promise<(path: string) => boolean> {
  const candidates = [`${dockerfile}.dockerignore`, '.dockerignore'];
  const file = candidates
    .map((path) => entries.find((entry) => entry.path === path && entry.kind !== 'directory'))
    .find((entry) => entry !== undefined);
  if (file === undefined) return () => false;
  const kept = new Set([file.path, dockerfile]);
  // The package's types declare a default export within the default export.
  const dockerignore = (await import('@balena/dockerignore')).default as unknown as Dockerignore;
  const rules = dockerignore().add(await readText(source.git, file.objectId));
  return (path) => !kept.has(path) && rules.ignores(path);
}
