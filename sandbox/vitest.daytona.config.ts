import { testConfig } from '../vitest.shared.js';

export default testConfig({ include: ['daytona.test.ts'], integration: true, results: 'daytona' });
