import { defineConfig } from 'tsup';

/**
 * Two programs in one file each. Everything but the database's native driver is bundled: Node then opens a handful of
 * files at start instead of hundreds, and a copy of `dist` and `migrations` with that one dependency is the daemon.
 */
export default defineConfig({
  entry: { server: 'src/server.ts', migrate: 'src/migrate.ts' },
  format: 'esm',
  target: 'node20',
  platform: 'node',
  splitting: true,
  sourcemap: true,
  // `dist/web` is the page, which vite builds before.
  clean: ['!web/**'],
  noExternal: [/^(?!@libsql\/)/],
  external: [/^@libsql\//],
  esbuildOptions: (options) => {
    options.conditions = ['@iterate/source'];
  },
  // Bundled CommonJS (proper-lockfile, dotenv) requires Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
