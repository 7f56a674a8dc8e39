import { distance } from 'fastest-levenshtein';
import { type Commit, findCommit } from './commit.js';
import type { Repository } from './repository.js';
import { SandboxImageError } from './sandbox-image-error.js';

/** Where a ref leads. */
export interface ResolvedRef {
  commit: Commit;
  /** The branch it names, without `refs/heads/` or the remote; absent for a tag, a SHA or a detached HEAD. */
  branch?: string;
}

/**
 * Resolves a branch, tag, SHA, `HEAD`, remote branch or any other revision to a commit. A bare name that
 * only one remote knows means that remote's branch, as with `git switch`.
 */
export async function resolveRef(repository: Repository, ref: string): Promise<ResolvedRef> {
  const { git } = repository;
  const [meanings, commit, name] = await Promise.all([
    namedRefs(repository, ref),
    findCommit(git, ref),
    git.attempt(['rev-parse', '--symbolic-full-name', ref]),
  ]);
  refuseTwoMeanings(ref, meanings);
  if (commit) {
    const branch = branchOf(name);
    return { commit, ...(branch ? { branch } : {}) };
  }
  const remotes = (await listRefs(repository, ['refs/remotes'])).filter(
    (candidate) => candidate.name.replace(/^refs\/remotes\/[^/]+\//, '') === ref,
  );
  const [only] = remotes;
  if (only && new Set(remotes.map((candidate) => candidate.commit)).size === 1) {
    const remote = await findCommit(git, only.commit);
    if (remote) return { commit: remote, branch: ref };
  }
  if (only)
    throw ambiguous(
      ref,
      remotes.map((candidate) => short(candidate.name)),
    );
  throw await unknownRef(repository, ref);
}

/** The branch, the tag and the remote branch of this name, as far as there are any. */
async function namedRefs(repository: Repository, ref: string): Promise<ListedRef[]> {
  const places = ['heads', 'tags', 'remotes'].map((kind) => `refs/${kind}/${ref}`);
  return (await listRefs(repository, places)).filter((candidate) => places.includes(candidate.name));
}

/** git picks the tag when a branch has the same name, with only a warning; the wrong image is worse than a question. */
function refuseTwoMeanings(ref: string, found: readonly ListedRef[]): void {
  if (new Set(found.map((candidate) => candidate.commit)).size > 1) {
    throw ambiguous(
      ref,
      found.map((candidate) => candidate.name.replace(/^refs\//, '')),
    );
  }
}

async function unknownRef(repository: Repository, ref: string): Promise<SandboxImageError> {
  // Without --quiet git explains itself, and names the candidates of an ambiguous short SHA.
  const loud = await repository.git.attempt(['rev-parse', '--verify', `${ref}^{commit}`]);
  const candidates = [...loud.stderr.matchAll(/^hint: {3}([0-9a-f]+) commit.*$/gm)].map((match) =>
    String(match[1]),
  );
  if (loud.stderr.includes('is ambiguous')) return ambiguous(ref, candidates);
  const object = await repository.git.attempt(['cat-file', '-t', ref]);
  if (object.exitCode === 0) {
    return new SandboxImageError('UNKNOWN_REF', `"${ref}" names a ${object.stdout}, not a commit.`, {
      details: { ref, type: object.stdout },
    });
  }
  const names = (await listRefs(repository, ['refs/heads', 'refs/tags', 'refs/remotes'])).map((candidate) =>
    short(candidate.name),
  );
  const suggestions = nearest(ref, names);
  const hint =
    suggestions.length > 0
      ? `Did you mean ${suggestions.join(', ')}?`
      : 'Run git fetch if it is new on the remote, or git branch -a to see what is here.';
  return new SandboxImageError(
    'UNKNOWN_REF',
    `There is no commit, branch or tag "${ref}" in this repository. ${hint}`,
    {
      details: { ref, suggestions },
    },
  );
}

function ambiguous(ref: string, candidates: readonly string[]): SandboxImageError {
  return new SandboxImageError(
    'AMBIGUOUS_REF',
    `"${ref}" can mean more than one commit: ${candidates.join(', ')}. Use one of these names.`,
    { details: { ref, candidates: [...candidates] } },
  );
}

interface ListedRef {
  name: string;
  commit: string;
}

async function listRefs(repository: Repository, patterns: readonly string[]): Promise<ListedRef[]> {
  const format = '%(refname)%09%(objectname)%09%(*objectname)%09%(symref)';
  const listing = await repository.git.attempt(['for-each-ref', `--format=${format}`, ...patterns]);
  if (listing.exitCode !== 0) return [];
  return listing.stdout.split('\n').flatMap((line) => {
    const [name, object, peeled, symref] = line.split('\t');
    // refs/remotes/origin/HEAD is only another name for a branch listed anyway.
    return name && object && !symref ? [{ name, commit: peeled || object }] : [];
  });
}

function branchOf(answer: { exitCode: number; stdout: string }): string | undefined {
  if (answer.exitCode !== 0) return undefined;
  return /^refs\/(?:heads|remotes\/[^/]+)\/(.+)$/.exec(answer.stdout)?.[1];
}

function short(name: string): string {
  return name.replace(/^refs\/(?:heads|tags|remotes)\//, '');
}

/** At most five names that hold the wanted one, or are few edits away from it, nearest first. */
function nearest(wanted: string, names: readonly string[]): string[] {
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  return [...new Set(names)]
    .map((name) => ({ name, distance: editsBetween(wanted.toLowerCase(), name.toLowerCase()) }))
    .filter((candidate) => candidate.distance <= limit)
    .sort((a, b) => a.distance - b.distance || a.name.localeCompare(b.name))
    .slice(0, 5)
    .map((candidate) => candidate.name);
}

function editsBetween(wanted: string, name: string): number {
  if (name.endsWith(`/${wanted}`)) return 0;
  if (wanted.length > 2 && name.includes(wanted)) return 1;
  return distance(wanted, name);
}
