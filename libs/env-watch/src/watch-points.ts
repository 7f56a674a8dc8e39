import { readlinkSync } from 'node:fs';
import path from 'node:path';
import { errnoOf } from './errno-of.js';

/** Linux follows at most this many symbolic links in one path. */
const MAX_LINKS = 40;

/**
 * The directories, by real path, in which something can happen that changes what `file` leads to, each
 * with the entry names that matter: the directory of the file, of every symbolic link on the way, and,
 * while a part of the path is missing, the nearest directory that is there.
 */
export function watchPoints(file: string): Map<string, Set<string>> {
  const points = new Map<string, Set<string>>();
  const root = path.parse(file).root;
  const watch = (directory: string, name: string) => {
    const names = points.get(directory) ?? new Set<string>();
    points.set(directory, names.add(name));
  };
  let directory = root;
  let links = 0;
  let rest = parts(file);
  while (rest.length > 0) {
    const [name = '', ...later] = rest;
    rest = later;
    if (name === '..') {
      directory = path.dirname(directory);
      continue;
    }
    const entry = path.join(directory, name);
    const kind = inspect(entry);
    if (kind.type !== 'plain' || rest.length === 0) watch(directory, name);
    if (kind.type === 'absent') break;
    if (kind.type === 'plain') {
      directory = entry;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) break;
    if (path.isAbsolute(kind.target)) directory = root;
    rest = [...parts(kind.target), ...rest];
  }
  return points;
}

type Entry = { type: 'plain' } | { type: 'absent' } | { type: 'link'; target: string };

function inspect(entry: string): Entry {
  try {
    return { type: 'link', target: readlinkSync(entry) };
  } catch (error) {
    // EINVAL is what a file or directory that is no link answers; on Windows it is UNKNOWN.
    const errno = errnoOf(error);
    return errno === 'EINVAL' || errno === 'UNKNOWN' ? { type: 'plain' } : { type: 'absent' };
  }
}

function parts(target: string): string[] {
  const { root } = path.parse(target);
  return target
    .slice(root.length)
    .split(path.sep)
    .filter((part) => part !== '' && part !== '.');
}
