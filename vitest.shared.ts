import { defineConfig, type ViteUserConfigExport } from 'vitest/config';

interface TestOptions {
  /** Globs of the test files. @default src and test of the package, but for the integration tests */
  include?: string[];
  /** Globs taken out again. */
  exclude?: string[];
  /** Limit of one test and of one hook, in ms. @default 20000 */
  timeoutMs?: number;
  /** Integration tests report to a file of their own and run one file after the other: they share an engine. */
  integration?: boolean;
  /** What the report of results is called. @default 'integration' for these, else none */
  results?: string;
  /** Modules that run before the tests, and whose result runs after them. */
  globalSetup?: string[];
}

/** The one test configuration: sources instead of builds, results kept where CI adds them up. */
export function testConfig(options: TestOptions = {}): ViteUserConfigExport {
  // Vite adds `import` and `require` where each belongs; given here, Node would apply both to everything, and a
  // `require` be handed an ES module.
  const conditions = ['@iterate/source', 'node'];
  const integration = options.integration === true;
  const results = options.results ?? (integration ? 'integration' : undefined);
  const defaultInclude = integration
    ? ['src/**/*.integration.test.ts', 'test/**/*.integration.test.ts']
    : ['src/**/*.test.ts', 'test/**/*.test.ts'];
  return defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      include: options.include ?? defaultInclude,
      exclude: [
        '**/node_modules/**',
        ...(integration ? [] : ['**/*.integration.test.ts']),
        ...(options.exclude ?? []),
      ],
      testTimeout: options.timeoutMs ?? (integration ? 120_000 : 20_000),
      hookTimeout: options.timeoutMs ?? (integration ? 300_000 : 20_000),
      fileParallelism: !integration,
      reporters: ['default', 'json'],
      outputFile: { json: results === undefined ? '.test-results.json' : `.test-results.${results}.json` },
      ...(options.globalSetup === undefined ? {} : { globalSetup: options.globalSetup }),
      passWithNoTests: false,
    },
  });
}
