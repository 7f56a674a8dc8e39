import { mkdir, mkdtemp, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Source } from './source.js';
import { listTree, type TreeEntry } from './tree-entries.js';

/** One file or directory of the `.git` in a build context. */
export type GitDirEntry =
  | { path: string; kind: 'directory' }
  | { path: string; kind: 'content'; content: Uint8Array }
  | { path: string; kind: 'file'; file: string; size: number };

/**
 * Settings that make git write the same pack and index bytes for the same objects, whatever the clone's own
 * packs, its configuration and the git version: nothing reused, stored instead of deflated, no optional parts.
 */
const SAME_BYTES = [
  'pack.compression=0',
  'core.compression=0',
  'pack.packSizeLimit=0',
  'pack.indexVersion=2',
  'pack.writeReverseIndex=false',
  'core.fsync=none',
  'core.fsmonitor=false',
  'core.sparseCheckout=false',
  'core.splitIndex=false',
  'core.untrackedCache=false',
  'feature.manyFiles=false',
  'index.skipHash=false',
  'index.sparse=false',
  'index.threads=1',
  'index.version=2',
].flatMap((setting) => ['-c', setting]);

/**
 * The smallest `.git` in which `git status`, `git log` and `git diff` work: one pack of the commit's own objects, a
 * `shallow` file in place of its parents, `HEAD` on the branch, and an index without file times. No remote, no
 * history, no settings of this machine, so that any clone yields the same bytes.
 *
 * @param entries What is in `source.tree`.
 */
export async function minimalGitDir(
  source: Source,
  entries: readonly TreeEntry[],
  scratchDir: string,
): Promise<GitDirEntry[]> {
  const dir = await mkdtemp(join(scratchDir, 'git-'));
  const pack = join(dir, 'pack');
  const index = join(dir, 'index');
  await mkdir(pack);
  const { git, commit, branch, repository } = source;
  const committed = source.dirty ? await listTree(git, commit.tree) : entries;
  await Promise.all([writePack(source, committed, pack), writeIndex(source, index)]);
  const text = (path: string, content: string): GitDirEntry => ({
    path: `.git/${path}`,
    kind: 'content',
    content: Buffer.from(content),
  });
  return [
    { path: '.git', kind: 'directory' },
    text('HEAD', branch ? `ref: refs/heads/${branch}\n` : `${commit.id}\n`),
    text('config', gitConfig(repository.objectFormat)),
    { path: '.git/index', kind: 'content', content: await readFile(index) },
    { path: '.git/objects', kind: 'directory' },
    { path: '.git/objects/pack', kind: 'directory' },
    ...(await packFiles(pack)),
    { path: '.git/refs', kind: 'directory' },
    { path: '.git/refs/heads', kind: 'directory' },
    ...(branch ? branchEntries(branch, commit.id) : []),
    { path: '.git/refs/tags', kind: 'directory' },
    ...(commit.parents.length > 0 ? [text('shallow', `${commit.id}\n`)] : []),
  ];
}

async function writePack({ git, commit }: Source, entries: readonly TreeEntry[], dir: string): Promise<void> {
  const objects = entries.filter((entry) => entry.kind !== 'submodule').map((entry) => entry.objectId);
  const all = [...new Set([commit.id, commit.tree, ...objects])].sort();
  await git.bytes(
    [
      ...SAME_BYTES,
      ...['pack-objects', '--quiet', '--threads=1', '--no-reuse-delta', '--no-reuse-object', '--window=0'],
      join(dir, 'pack'),
    ],
    { input: `${all.join('\n')}\n` },
  );
}

async function writeIndex(source: Source, file: string): Promise<void> {
  await source.git.with({ GIT_INDEX_FILE: file }).bytes([...SAME_BYTES, 'read-tree', source.commit.tree]);
}

async function packFiles(dir: string): Promise<GitDirEntry[]> {
  const names = (await readdir(dir)).filter((name) => /\.(?:pack|idx)$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const file = join(dir, name);
      return {
        path: `.git/objects/pack/${name}`,
        kind: 'file',
        file,
        size: (await stat(file)).size,
      } as const;
    }),
  );
}

function branchEntries(branch: string, commit: string): GitDirEntry[] {
  const parts = branch.split('/');
  const directories = parts.slice(0, -1).map(
    (_, depth): GitDirEntry => ({
      path: `.git/refs/heads/${parts.slice(0, depth + 1).join('/')}`,
      kind: 'directory',
    }),
  );
  return [
    ...directories,
    { path: `.git/refs/heads/${branch}`, kind: 'content', content: Buffer.from(`${commit}\n`) },
  ];
}

function gitConfig(objectFormat: 'sha1' | 'sha256'): string {
  const version = objectFormat === 'sha256' ? 1 : 0;
  const core = ['[core]', `repositoryformatversion = ${version}`, 'filemode = true', 'bare = false'];
  const extensions = objectFormat === 'sha256' ? ['[extensions]', 'objectFormat = sha256'] : [];
  return [...core, 'logallrefupdates = true', ...extensions]
    .map((line) => (line.startsWith('[') ? `${line}\n` : `\t${line}\n`))
    .join('');
}
