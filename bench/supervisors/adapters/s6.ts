import type { SupervisorAdapter } from '../adapter.js';
import { debianVersion } from '../debian-version.js';
import { startTree } from '../supervision-tree.js';

export const s6: SupervisorAdapter = {
  name: 's6',
  setup:
    's6-svscan; run scripts exec the service; s6-log per service only where logs are measured; SIGTERM ends it',
  logNotes: {
    stamped: 's6-log n10 s64000000 with TAI64N stamps (t)',
    raw: 's6-log n10 s64000000',
  },
  install: 'apt-get install s6',
  version: () => debianVersion('s6'),
  start: (job) =>
    startTree(job, {
      scanner: ['s6-svscan', '-c', '1000'],
      stopSignal: 'SIGTERM',
      logger: (directory, logs) => `s6-log ${logs === 'stamped' ? 't ' : ''}n10 s64000000 ${directory}`,
    }),
};
