/** Says what to build when no `--ref` does. */
const REF_VARIABLE = 'SANDBOX_ITERATE_REPO_REF';

/** What a snapshot leaves for the targets that depend on it: the same bytes for the same image. */
const RECEIPT = 'image.json';

/**
 * The targets of a sandbox project.
 *
 * Asking whether an image exists is for the engine: an image may have been removed since Nx saw it, and a result from
 * another machine says nothing about this one. So nothing here that makes an image is cached by Nx; what depends on an
 * image is cached by its receipt.
 *
 * @param {import('./sandbox-project.mjs').SandboxProject} project
 * @param {Readonly<Required<import('./plugin-options.mjs').PluginOptions>>} options
 * @returns {Record<string, import('@nx/devkit').TargetConfiguration>}
 */
export function sandboxTargets(project, options) {
  const source =
    project.config === undefined ? `--dockerfile ${project.dockerfile}` : `--config ${project.config}`;
  const needs = options.dependsOn.map((name) => {
    const [projects = '', ...target] = name.split(':');
    return { projects: [projects], target: target.join(':') };
  });
  /**
   * @param {string} args
   * @param {string} description
   * @returns {import('@nx/devkit').TargetConfiguration}
   */
  const sandbox = (args, description) => ({
    executor: 'nx:run-commands',
    options: { command: `${options.command} ${args}`, cwd: '{workspaceRoot}' },
    cache: false,
    // The image holds the whole repository: whatever changes, it is affected.
    inputs: ['{workspaceRoot}/**/*', { env: REF_VARIABLE }],
    ...(needs.length > 0 ? { dependsOn: needs } : {}),
    metadata: { technologies: ['docker'], description },
  });
  const receipt = `--out ${project.root}/${RECEIPT}`;
  return {
    [options.snapshotTargetName]: {
      ...sandbox(
        `snapshot ${source} ${receipt}`,
        'Make sure that the image of a git ref exists (--ref, or the working tree)',
      ),
      outputs: [`{projectRoot}/${RECEIPT}`],
    },
    [options.pushTargetName]: {
      ...sandbox(
        `snapshot ${source} ${receipt} --push`,
        'Push the image to the registry of the configuration, or --registry',
      ),
      outputs: [`{projectRoot}/${RECEIPT}`],
    },
    [options.upTargetName]: sandbox('up', 'Start a sandbox from the image, or reuse the one that runs'),
    [options.devTargetName]: {
      ...sandbox('dev', 'Start a sandbox, and bring every change of the working tree into it until Ctrl-C'),
      continuous: true,
    },
    ...(project.test === undefined ? {} : { [options.testTargetName]: testTarget(project.test, options) }),
  };
}

/**
 * @param {string} command
 * @param {Readonly<Required<import('./plugin-options.mjs').PluginOptions>>} options
 * @returns {import('@nx/devkit').TargetConfiguration}
 */
function testTarget(command, options) {
  return {
    executor: 'nx:run-commands',
    options: { command, cwd: '{projectRoot}' },
    cache: true,
    dependsOn: [options.snapshotTargetName],
    inputs: ['{projectRoot}/**/*', { dependentTasksOutputFiles: `**/${RECEIPT}` }],
    outputs: [],
    metadata: { technologies: ['docker'], description: 'Test the image; again only when it changes' },
  };
}
