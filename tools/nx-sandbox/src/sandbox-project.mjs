import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A directory that has one is a sandbox project. */
export const CONFIG_FILE = 'sandbox.config.json';

/** A project without a configuration is one when it has a Dockerfile and this tag. */
const TAG = 'sandbox';

/**
 * What the plugin needs to know of a sandbox project.
 *
 * @typedef {object} SandboxProject
 * @property {string} root Relative to the workspace.
 * @property {string} dockerfile Relative to the workspace.
 * @property {string | undefined} config Path of the configuration, relative to the workspace.
 * @property {string | undefined} test Command that tests the image.
 */

/**
 * Reads the sandbox project that a file stands for.
 *
 * @param {string} file A configuration or a Dockerfile, relative to the workspace.
 * @param {string} workspaceRoot
 * @returns {SandboxProject | undefined} `undefined` when the file makes no sandbox project.
 */
export function readSandboxProject(file, workspaceRoot) {
  const root = dirname(file);
  const config = join(root, CONFIG_FILE);
  if (basename(file) === CONFIG_FILE) {
    const { dockerfile = 'Dockerfile', test } = readJson(join(workspaceRoot, config));
    if (typeof dockerfile !== 'string' || !(test === undefined || typeof test === 'string')) {
      throw new Error(`${config}: "dockerfile" and "test" must be strings.`);
    }
    return { root, dockerfile: join(root, dockerfile), config, test };
  }
  // A directory with both is found by its configuration.
  if (existsSync(join(workspaceRoot, config)) || !isTagged(join(workspaceRoot, root))) return undefined;
  return { root, dockerfile: file, config: undefined, test: undefined };
}

/** @param {string} dir */
function isTagged(dir) {
  const tags = [
    ...tagsOf(join(dir, 'project.json'), (content) => content),
    ...tagsOf(join(dir, 'package.json'), (content) => content.nx),
  ];
  return tags.includes(TAG);
}

/**
 * @param {string} file
 * @param {(content: Record<string, unknown>) => unknown} select
 * @returns {unknown[]}
 */
function tagsOf(file, select) {
  if (!existsSync(file)) return [];
  const selected = select(readJson(file));
  const tags =
    selected !== null && typeof selected === 'object' && 'tags' in selected ? selected.tags : undefined;
  return Array.isArray(tags) ? tags : [];
}

/**
 * @param {string} file
 * @returns {Record<string, unknown>}
 */
function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`${file} cannot be read as JSON: ${String(cause)}`, { cause });
  }
}
