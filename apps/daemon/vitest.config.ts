import { testConfig } from '../../vitest.shared.js';

export default testConfig({ include: ['src/**/*.test.ts', 'web/**/*.test.ts', 'test/**/*.test.ts'] });
