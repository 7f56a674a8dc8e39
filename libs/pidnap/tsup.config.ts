import { writeFile } from 'node:fs/promises';
import type { Options } from 'tsup';
import { leaveOut } from '../../tools/tsup/leave-out.js';
import { libConfig } from '../../tools/tsup/lib.js';
import { configJsonSchema } from './src/config/json-schema.js';

type Plugin = NonNullable<Options['esbuildPlugins']>[number];

/** Bundled CommonJS packages ask for Node's modules by `require`. */
const banner = {
  js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
};

const appApart: Plugin = {
  name: 'app-apart',
  setup: ({ onResolve }) => {
    onResolve({ filter: /\/rpc\/app\.js$/ }, () => ({ path: './rpc-app.js', external: true }));
  },
};

/**
 * Everything but jiti goes into the bundle: a supervisor that loads a few files instead of two hundred starts
 * sooner and holds less memory, and has next to no dependencies of its own. The HTTP app is a bundle apart:
 * it uses all of zod, of which the rest needs a tenth, and a shared chunk would load all of it at the start.
 */
export default [
  libConfig(
    { index: 'src/index.ts', client: 'src/client.ts', cli: 'src/cli.ts' },
    {
      banner,
      esbuildOptions: (options) => {
        options.conditions = ['@iterate/source', 'import', 'node'];
        // A program's text stays in memory as long as it runs, and each fork copies it: 1 MB less of both.
        options.minifyWhitespace = true;
      },
      // dotenv wants crypto for its vaults, which nobody opens here; loading it takes 5 ms of each start.
      esbuildPlugins: [appApart, leaveOut(['crypto'])],
    },
  ),
  libConfig(
    { 'rpc-app': 'src/rpc/app.ts' },
    {
      banner,
      clean: false,
      dts: false,
      splitting: false,
      onSuccess: () => writeFile('dist/schema.json', `${JSON.stringify(configJsonSchema(), null, 2)}\n`),
    },
  ),
];
