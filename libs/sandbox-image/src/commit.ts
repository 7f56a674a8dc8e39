import type { Git } from './git.js';
import { SandboxImageError } from './sandbox-image-error.js';

/** What the raw commit object says; a shallow clone hides parents from `git log`, but not from here. */
export interface Commit {
  id: string;
  tree: string;
  parents: readonly string[];
  /** Committer time in seconds since 1970. */
  time: number;
}

/** Reads one commit object. */
export async function readCommit(git: Git, id: string): Promise<Commit> {
  const raw = await git.text(['cat-file', 'commit', id]);
  const header = raw.split('\n\n', 1)[0] ?? '';
  const tree = /^tree (\S+)$/m.exec(header)?.[1];
  const time = /^committer .* (\d+) [+-]\d{4}$/m.exec(header)?.[1];
  if (tree === undefined || time === undefined) {
    throw new SandboxImageError('GIT_FAILED', `Commit ${id} is malformed: run git fsck.`, {
      details: { id },
    });
  }
  const parents = [...header.matchAll(/^parent (\S+)$/gm)].map((match) => String(match[1]));
  return { id, tree, parents, time: Number(time) };
}
