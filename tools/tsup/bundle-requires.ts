import { readFile } from 'node:fs/promises';
import type { Options } from 'tsup';

type EsbuildPlugin = NonNullable<Options['esbuildPlugins']>[number];

/**
 * Takes packages into a bundle that a file of a dependency requires behind the bundler's back, by a function of its own
 * name. Without it the bundle fails where they are not installed.
 *
 * @param options.file Of the dependency.
 * @param options.call Name of its function.
 * @param options.packages Those that are really used; calls for others stay as they are.
 */
export function bundleRequires({
  file,
  call,
  packages,
}: {
  file: RegExp;
  call: string;
  packages: readonly string[];
}): EsbuildPlugin {
  return {
    name: 'bundle-requires',
    setup(build) {
      build.onLoad({ filter: file }, async ({ path }) => {
        let contents = await readFile(path, 'utf8');
        for (const name of packages) {
          const hidden = `${call}('${name}')`;
          if (!contents.includes(hidden)) throw new Error(`${path} has no ${hidden} any more.`);
          contents = contents.replaceAll(hidden, `require('${name}')`);
        }
        return { contents, loader: 'js' };
      });
    },
  };
}
