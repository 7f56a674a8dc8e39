import type { SupervisorAdapter } from '../adapter.js';
import { pidnap } from './pidnap.js';
import { pm2 } from './pm2.js';
import { runit } from './runit.js';
import { s6 } from './s6.js';
import { supervisord, supervisordGroup } from './supervisord.js';

/** In the order of the report. */
export const allAdapters: readonly SupervisorAdapter[] = [
  pidnap,
  s6,
  runit,
  supervisord,
  supervisordGroup,
  pm2,
];
