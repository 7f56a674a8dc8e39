import type { Git } from './git.js';
import { SandboxImageError } from './sandbox-image-error.js';

/** One name in a git tree. */
export interface TreeEntry {
  kind: 'file' | 'executable' | 'symlink' | 'directory' | 'submodule';
  objectId: string;
  /** Relative to the tree's root, with forward slashes. */
  path: string;
}

/** Whether an entry is a regular file, executable or not. */
export function isFile({ kind }: TreeEntry): boolean {
  return kind === 'file' || kind === 'executable';
}

const KINDS: Readonly<Record<string, TreeEntry['kind']>> = {
  '100644': 'file',
  '100664': 'file',
  '100755': 'executable',
  '120000': 'symlink',
  '040000': 'directory',
  '160000': 'submodule',
};

/** Everything in a tree, directories before what is in them, in git's byte order. Holds all names in memory. */
export async function listTree(git: Git, tree: string): Promise<TreeEntry[]> {
  const listing = Buffer.from(await git.bytes(['ls-tree', '-r', '-t', '-z', '--full-tree', tree]));
  const text = listing.toString('utf8');
  if (Buffer.byteLength(text) !== listing.length || !Buffer.from(text, 'utf8').equals(listing)) {
    throw notUtf8(listing);
  }
  return text
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const match = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line);
      const kind = KINDS[match?.[1] ?? ''];
      if (!match || kind === undefined) {
        throw new SandboxImageError('GIT_FAILED', `git ls-tree gave an unreadable line: ${line}`);
      }
      return { kind, objectId: String(match[2]), path: String(match[3]) };
    });
}

/** A tar written by a library of strings cannot carry such a name, and a changed name would be a changed tree. */
function notUtf8(listing: Buffer): SandboxImageError {
  const paths: string[] = [];
  for (let start = 0; start < listing.length; ) {
    const end = listing.indexOf(0, start);
    const line = listing.subarray(start, end);
    if (!Buffer.from(line.toString('utf8'), 'utf8').equals(line)) {
      paths.push(line.subarray(line.indexOf(9) + 1).toString('latin1'));
    }
    start = end + 1;
  }
  return new SandboxImageError(
    'UNSUPPORTED_PATH',
    `These file names are not UTF-8 (shown as Latin-1); rename them: ${paths.join(', ')}.`,
    { details: { paths } },
  );
}
