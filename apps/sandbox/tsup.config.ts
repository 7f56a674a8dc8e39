import { libConfig } from '../../tools/tsup/lib.js';

export default libConfig({ cli: 'src/cli.ts' });
