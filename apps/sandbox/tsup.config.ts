import { libConfig } from '../../tools/tsup/lib.js';

export default libConfig(
  { cli: 'src/cli.ts' },
  {
    // One file to read instead of hundreds: a command that finds its image there takes a third of the time.
    noExternal: [
      '@iterate/sandbox-image',
      'commander',
      'env-paths',
      'execa',
      'log-update',
      'picocolors',
      'zod',
    ],
    // Bundled CommonJS packages ask for Node's own modules by `require`.
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
    },
  },
);
