import * as z from 'zod';
import { readText } from './read-text.js';
import type { Source } from './source.js';
import { listTree } from './tree-entries.js';

/** One lockfile format: its file name, and how to get `name` and `version` of all packages out of it. */
const FORMATS: Readonly<Record<string, (text: string) => Promise<[name: string, version: string][]>>> = {
  async 'pnpm-lock.yaml'(text) {
    const { parse } = await import('yaml');
    const { packages } = z
      .object({ packages: z.record(z.string(), z.unknown()).default({}) })
      .parse(parse(text));
    return Object.keys(packages).map((id) => {
      const at = id.lastIndexOf('@');
      return [id.slice(0, at), id.slice(at + 1)];
    });
  },
  async 'package-lock.json'(text) {
    const schema = z.object({
      packages: z.record(z.string(), z.object({ version: z.string().optional() })).default({}),
    });
    return Object.entries(schema.parse(JSON.parse(text)).packages).flatMap(([path, { version }]) => {
      const name = path.split('node_modules/').at(-1);
      return name && version && path.includes('node_modules/') ? [[name, version]] : [];
    });
  },
};

/** Packages of all lockfiles in a tree; versions of one that is there more than once are joined by commas. */
export async function listPackages(source: Source): Promise<Map<string, string>> {
  const versions = new Map<string, Set<string>>();
  for (const { path, kind, objectId } of await listTree(source.git, source.tree)) {
    const read = FORMATS[path.split('/').at(-1) ?? ''];
    if (!read || kind === 'directory') continue;
    for (const [name, version] of await read(await readText(source.git, objectId))) {
      versions.set(name, (versions.get(name) ?? new Set()).add(version));
    }
  }
  return new Map([...versions].map(([name, set]) => [name, [...set].sort().join(', ')]));
}
