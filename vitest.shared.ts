import { defineConfig, type ViteUserConfigExport } from 'vitest/config';

/** The one test configuration: sources instead of builds, results kept where CI adds them up. */
export function testConfig(options: { include?: string[]; timeoutMs?: number } = {}): ViteUserConfigExport {
  const conditions = ['@iterate/source', 'node', 'import', 'default'];
  return defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      include: options.include ?? ['src/**/*.test.ts', 'test/**/*.test.ts'],
      testTimeout: options.timeoutMs ?? 20_000,
      hookTimeout: options.timeoutMs ?? 20_000,
      reporters: ['default', 'json'],
      outputFile: { json: '.test-results.json' },
      passWithNoTests: false,
    },
  });
}
