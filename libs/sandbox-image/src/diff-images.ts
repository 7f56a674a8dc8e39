import { DockerfileParser } from 'dockerfile-ast';
import { parseInputOptions } from './image-options.js';
import { listPackages } from './lockfile-packages.js';
import { resolveSource, type Source } from './source.js';

/** A version that differs; absent on one side means added or removed. */
export interface VersionChange {
  name: string;
  from?: string;
  to?: string;
}

/** One file that differs. */
export interface FileChange {
  change: 'added' | 'removed' | 'modified' | 'renamed' | 'retyped';
  path: string;
  /** The old name of a renamed file. */
  from?: string;
}

/** What differs between the images of two refs. */
export interface ImageDiff {
  from: { commit: string; tree: string; dirty: boolean };
  to: { commit: string; tree: string; dirty: boolean };
  /** Variables of the Dockerfile that end in `_VERSION`. */
  agents: VersionChange[];
  /** Packages of the lockfiles. */
  packages: VersionChange[];
  files: FileChange[];
}

/** Compares two refs as images, without building either. @param options.to @default the working tree */
export async function diffImages(options: {
  repoDir: string;
  from: string;
  to?: string;
  dockerfile?: string;
  signal?: AbortSignal;
}): Promise<ImageDiff> {
  const { from, to, ...common } = options;
  const { repoDir, dockerfile, signal } = parseInputOptions({ ...common, ref: to ?? from });
  const where = { repoDir, ...(signal ? { signal } : {}) };
  await using before = await resolveSource({ ...where, ref: from });
  await using after = await resolveSource({ ...where, ...(to === undefined ? {} : { ref: to }) });
  const [agents, packages, files] = await Promise.all([
    Promise.all([pins(before, dockerfile), pins(after, dockerfile)]),
    Promise.all([listPackages(before), listPackages(after)]),
    changedFiles(before, after),
  ]);
  return {
    from: side(before),
    to: side(after),
    agents: versionChanges(...agents),
    packages: versionChanges(...packages),
    files,
  };
}

function side({ commit, tree, dirty }: Source): ImageDiff['from'] {
  return { commit: commit.id, tree, dirty };
}

async function pins({ git, tree }: Source, dockerfile: string): Promise<Map<string, string>> {
  const file = await git.attempt(['cat-file', 'blob', `${tree}:${dockerfile}`]);
  const parsed = DockerfileParser.parse(file.exitCode === 0 ? file.stdout : '');
  const properties = [...parsed.getENVs(), ...parsed.getARGs()].flatMap((instruction) =>
    instruction.getProperties(),
  );
  return new Map(
    properties
      .filter((property) => property.getName().endsWith('_VERSION'))
      .map((property) => [property.getName(), property.getValue() ?? '']),
  );
}

function versionChanges(from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): VersionChange[] {
  return [...new Set([...from.keys(), ...to.keys()])]
    .filter((name) => from.get(name) !== to.get(name))
    .sort()
    .map((name) => {
      const [before, after] = [from.get(name), to.get(name)];
      return {
        name,
        ...(before === undefined ? {} : { from: before }),
        ...(after === undefined ? {} : { to: after }),
      };
    });
}

const CHANGES: Readonly<Record<string, FileChange['change']>> = {
  A: 'added',
  D: 'removed',
  M: 'modified',
  R: 'renamed',
  T: 'retyped',
};

/** A dirty `after` reads the objects of the repository too, and so those of `before`. */
async function changedFiles(before: Source, after: Source): Promise<FileChange[]> {
  const output = await after.git.text([
    'diff-tree',
    '-r',
    '-z',
    '-M',
    '--name-status',
    before.tree,
    after.tree,
  ]);
  const fields = output.split('\0');
  const files: FileChange[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const change = CHANGES[fields[at]?.[0] ?? ''] ?? 'modified';
    if (change === 'renamed') {
      files.push({ change, from: fields[at + 1] ?? '', path: fields[at + 2] ?? '' });
      at += 1;
    } else {
      files.push({ change, path: fields[at + 1] ?? '' });
    }
  }
  return files;
}
