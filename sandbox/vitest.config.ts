import { testConfig } from '../vitest.shared.js';

export default testConfig({
  include: ['*.test.ts'],
  exclude: ['local-docker.test.ts', 'dev.test.ts', 'daytona.test.ts'],
  timeoutMs: 60_000,
});
