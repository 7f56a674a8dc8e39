import { testConfig } from '../vitest.shared.js';

export default testConfig({ include: ['local-docker.test.ts', 'dev.test.ts'], integration: true });
