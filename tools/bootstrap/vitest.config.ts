import { testConfig } from '../../vitest.shared.js';

export default testConfig({ include: ['**/*.test.ts'] });
