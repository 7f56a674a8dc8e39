import { libConfig } from '../../tools/tsup/lib.js';

export default libConfig({ index: 'src/index.ts' });
