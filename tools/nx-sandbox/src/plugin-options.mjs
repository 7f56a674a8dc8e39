/**
 * Options of the plugin in `nx.json`. All are optional.
 *
 * @typedef {object} PluginOptions
 * @property {string} [command] How to run the sandbox CLI, from the workspace root. Default: `sandbox`.
 * @property {string[]} [dependsOn] Targets that must have run before the CLI can, as `project:target`. Default: none.
 * @property {string} [snapshotTargetName] Default: `snapshot`.
 * @property {string} [pushTargetName] Default: `snapshot:push`.
 * @property {string} [upTargetName] Default: `up`.
 * @property {string} [devTargetName] Default: `dev`.
 * @property {string} [testTargetName] Default: `test`.
 */

/** @type {Readonly<Required<PluginOptions>>} */
const DEFAULTS = {
  command: 'sandbox',
  dependsOn: [],
  snapshotTargetName: 'snapshot',
  pushTargetName: 'snapshot:push',
  upTargetName: 'up',
  devTargetName: 'dev',
  testTargetName: 'test',
};

/**
 * The options with their defaults. A name that is no option is an error: a misspelt one would do nothing.
 *
 * @param {PluginOptions | undefined} options
 * @returns {Readonly<Required<PluginOptions>>}
 */
export function completeOptions(options = {}) {
  const unknown = Object.keys(options).filter((name) => !(name in DEFAULTS));
  if (unknown.length > 0) {
    throw new Error(
      `@iterate/nx-sandbox has no option ${unknown.join(', ')}: it has ${Object.keys(DEFAULTS).join(', ')}.`,
    );
  }
  return { ...DEFAULTS, ...options };
}
