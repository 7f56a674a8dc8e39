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

/** The commit that a revision leads to, by one git process. @returns `undefined` when it leads to none. */
export async function findCommit(git: Git, revision: string): Promise<Commit | undefined> {
  // A line is a question.
  if (revision.includes('\n')) return undefined;
  const answer = Buffer.from(
    await git.bytes(['cat-file', '--batch'], { input: `${revision}^{commit}\n` }),
  ).toString('utf8');
  const id = /^([0-9a-f]+) commit \d+\n/.exec(answer)?.[1];
  return id === undefined ? undefined : parseCommit(id, answer.slice(answer.indexOf('\n') + 1));
}

function parseCommit(id: string, raw: string): Commit {
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
