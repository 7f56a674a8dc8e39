import { libConfig } from '../../tools/tsup/lib.js';

export default libConfig({ index: 'src/index.ts', client: 'src/client.ts', cli: 'src/cli.ts' });
