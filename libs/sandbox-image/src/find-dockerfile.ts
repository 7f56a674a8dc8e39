import { SandboxImageError } from './sandbox-image-error.js';
import type { Source } from './source.js';
import { isFile, listTree, type TreeEntry } from './tree-entries.js';

/** Throws an error that names the Dockerfiles there are, when the wanted one is not among these. */
export function requireDockerfile(entries: readonly TreeEntry[], dockerfile: string): void {
  if (entries.some((entry) => entry.path === dockerfile && isFile(entry))) return;
  throw missingDockerfile(dockerfile, entries);
}

/** The same for a tree that has not been listed. */
export async function refuseMissingDockerfile(source: Source, dockerfile: string): Promise<void> {
  requireDockerfile(await listTree(source.git, source.tree), dockerfile);
}

function missingDockerfile(dockerfile: string, entries: readonly TreeEntry[]): SandboxImageError {
  const others = entries
    .filter((entry) => isFile(entry) && /(?:^|\/)(?:Dockerfile|Containerfile)(?:\.[^/]*)?$/.test(entry.path))
    .map((entry) => entry.path)
    .filter((path) => !path.endsWith('.dockerignore'));
  const hint =
    others.length > 0 ? `It has ${others.slice(0, 5).join(', ')}.` : 'It has no Dockerfile at all.';
  return new SandboxImageError(
    'DOCKERFILE_MISSING',
    `There is no ${dockerfile} in this git tree. ${hint} A new file must not be ignored by git.`,
    { details: { dockerfile, others } },
  );
}
