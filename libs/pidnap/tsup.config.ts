import { libConfig } from '../../tools/tsup/lib.js';

/**
 * Everything but jiti goes into the bundle: a supervisor that loads a few files instead of two hundred starts
 * sooner and holds less memory, and has next to no dependencies of its own.
 */
export default libConfig(
  { index: 'src/index.ts', client: 'src/client.ts', cli: 'src/cli.ts' },
  {
    // Bundled CommonJS packages ask for Node's modules by `require`.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    esbuildOptions: (options) => {
      options.conditions = ['@iterate/source', 'import', 'node'];
    },
  },
);
