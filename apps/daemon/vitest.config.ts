import { defineConfig, mergeConfig } from 'vitest/config';
import { testConfig } from '../../vitest.shared.js';

const shared = testConfig({
  include: ['src/**/*.test.ts', 'web/**/*.test.ts', 'test/**/*.test.ts'],
  timeoutMs: 60_000,
});

export default defineConfig(async (env) =>
  mergeConfig(typeof shared === 'function' ? await shared(env) : await shared, {
    // What is waited for comes within milliseconds; a busy machine may take seconds.
    test: { expect: { poll: { timeout: 15_000 } } },
  }),
);
