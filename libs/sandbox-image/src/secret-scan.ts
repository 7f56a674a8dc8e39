import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBlobs } from './read-blobs.js';
import { replaceFile } from './replace-file.js';
import { SandboxImageError } from './sandbox-image-error.js';
import type { Source } from './source.js';
import { listTree } from './tree-entries.js';

/** A place that looks like a secret; the secret itself is not repeated. */
export interface SecretFinding {
  path: string;
  line: number;
  /** Name of the rule, such as `PrivateKey`. */
  rule: string;
}

/** Larger files are data, in which a pattern means nothing. */
const MOST_BYTES = 1024 * 1024;

/** Raised with the rules or their settings: what was clean under others is looked at again. */
const RULES_VERSION = 'secretlint-11.7.1-1';

/** Host names that are reserved for documentation and tests have no passwords. */
const ALLOWED_HOSTS = [
  '/@(?:[\\w.-]+\\.)?(?:example\\.(?:com|net|org)|test|example|invalid|localhost)\\b/i',
  '/@(?:127\\.0\\.0\\.1|\\[::1\\])/',
];

type ScanFile = (path: string, content: Buffer) => Promise<SecretFinding[]>;

/** Loaded when something is built: finding an image that exists takes less time than loading the rules. */
async function loadScanner(): Promise<ScanFile> {
  const [{ lintSource }, { secretLintProfiler }, { creator: recommended }] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/profiler'),
    import('@secretlint/secretlint-rule-preset-recommend'),
  ]);
  // The library's profiler keeps dozens of marks for every file, and searches them all at each new one: the time of a
  // scan would grow with the square of the number of files.
  secretLintProfiler.mark = () => {};
  const basicAuth = { id: '@secretlint/secretlint-rule-basicauth', options: { allows: ALLOWED_HOSTS } };
  const preset = {
    id: '@secretlint/secretlint-rule-preset-recommend',
    rule: recommended,
    rules: [basicAuth],
  };
  const options = { config: { rules: [preset] }, noPhysicFilePath: true, maskSecrets: true };
  return async (path, content) => {
    if (content.subarray(0, 8000).includes(0)) return [];
    const { messages } = await lintSource({
      source: { filePath: `/${path}`, content: content.toString('utf8'), ext: '', contentType: 'text' },
      options,
    });
    return messages.map(({ messageId, loc }) => ({ path, line: loc.start.line, rule: messageId }));
  };
}

/**
 * Looks for secrets in the files of a tree. Everybody who has the image has them too.
 *
 * @param options.allow Paths, with `*` and `**`, that are not looked at.
 * @param options.cacheDir Where the ids of clean files are remembered, so that each is read once.
 */
export async function scanForSecrets(
  source: Source,
  options: { allow?: readonly string[]; cacheDir?: string } = {},
): Promise<SecretFinding[]> {
  const { default: picomatch } = await import('picomatch');
  const allowed = picomatch([...(options.allow ?? [])], { dot: true });
  const files = new Map<string, string>();
  for (const { kind, path, objectId } of await listTree(source.git, source.tree)) {
    if ((kind === 'file' || kind === 'executable') && !allowed(path)) files.set(objectId, path);
  }
  const cacheFile = options.cacheDir && join(options.cacheDir, `clean-${RULES_VERSION}`);
  const known = cacheFile ? await readCache(cacheFile) : new Set<string>();
  const scanFile = await loadScanner();
  const findings: SecretFinding[] = [];
  for await (const { objectId, size, body } of readBlobs(
    source.git,
    [...files.keys()].filter((id) => !known.has(id)),
  )) {
    const path = files.get(objectId) ?? objectId;
    const found = size <= MOST_BYTES ? await scanFile(path, await collect(body)) : await drain(body);
    findings.push(...found);
    if (found.length === 0) known.add(objectId);
  }
  if (cacheFile)
    await writeCache(
      cacheFile,
      [...files.keys()].filter((id) => known.has(id)),
    );
  return findings.sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1));
}

/** Throws with all paths when a tree holds what looks like secrets. */
export async function refuseSecrets(
  source: Source,
  options: { allow?: readonly string[]; cacheDir?: string } = {},
): Promise<void> {
  const findings = await scanForSecrets(source, options);
  if (findings.length === 0) return;
  const list = findings.map(({ path, line, rule }) => `  ${path}:${line} ${rule}`).join('\n');
  throw new SandboxImageError(
    'SECRETS_FOUND',
    `These files look as if they held secrets, and everybody who has the image would have them too:\n${list}\n` +
      'Take them out of the repository and revoke them; or, if they are none, allow the paths.',
    { details: { findings } },
  );
}

async function collect(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function drain(body: AsyncIterable<Buffer>): Promise<SecretFinding[]> {
  for await (const _ of body);
  return [];
}

async function readCache(file: string): Promise<Set<string>> {
  try {
    return new Set((await readFile(file, 'utf8')).split('\n'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Set();
    throw error;
  }
}

async function writeCache(file: string, ids: readonly string[]): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true });
  await replaceFile(file, ids.join('\n'));
}
