import { createNodesFromFiles } from '@nx/devkit';
import { completeOptions } from './plugin-options.mjs';
import { CONFIG_FILE, readSandboxProject } from './sandbox-project.mjs';
import { sandboxTargets } from './sandbox-targets.mjs';

/** @typedef {import('./plugin-options.mjs').PluginOptions} PluginOptions */

export const name = '@iterate/nx-sandbox';

/**
 * Gives every project with a `sandbox.config.json`, or with a Dockerfile and the tag `sandbox`, its targets.
 *
 * @type {import('@nx/devkit').CreateNodesV2<PluginOptions>}
 */
export const createNodes = [
  `**/{${CONFIG_FILE},Dockerfile}`,
  (files, options, context) => {
    const complete = completeOptions(options);
    return createNodesFromFiles(
      (file, _, { workspaceRoot }) => {
        const project = readSandboxProject(file, workspaceRoot);
        if (project === undefined) return {};
        return { projects: { [project.root]: { targets: sandboxTargets(project, complete) } } };
      },
      files,
      options,
      context,
    );
  },
];

// Nx 22 knows it only by this name.
export { createNodes as createNodesV2 };
