import { defineConfig, type Options } from 'tsup';

/**
 * The one build of every publishable package: ESM, Node 20, declarations and source maps.
 *
 * @param entry Names of the public entry points to their source files, as in the package's `exports`.
 */
export function libConfig(
  entry: Record<string, string>,
  overrides: Options = {},
): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry,
    format: 'esm',
    target: 'node20',
    platform: 'node',
    clean: true,
    sourcemap: true,
    // TypeScript 6 reports the `baseUrl` that tsup's declaration build injects (TS5101).
    dts: process.env.BUILD_WITHOUT_DECLARATIONS ? false : { compilerOptions: { ignoreDeprecations: '6.0' } },
    ...overrides,
  });
}
