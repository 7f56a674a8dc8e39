import type { Options } from 'tsup';

type EsbuildPlugin = NonNullable<Options['esbuildPlugins']>[number];

/**
 * Keeps packages out of a bundle that only code which is never run would use. Calling into one after all is an error
 * that names it.
 *
 * @param packages Names as they are imported.
 */
export function leaveOut(packages: readonly string[]): EsbuildPlugin {
  const names = packages.map((name) => name.replace(/[^\w-]/g, '\\$&')).join('|');
  return {
    name: 'leave-out',
    setup(build) {
      build.onResolve({ filter: new RegExp(`^(${names})$`) }, ({ path }) => ({
        path,
        namespace: 'left-out',
      }));
      build.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => {
        const message = JSON.stringify(`${path} is not part of this bundle.`);
        // Members may be read while modules load; only a call is a use.
        const refuse = `function () { throw new Error(${message}); }`;
        return { contents: `module.exports = new Proxy({}, { get: () => ${refuse} });`, loader: 'js' };
      });
    },
  };
}
