import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SupervisorAdapter } from '../adapter.js';
import { debianVersion } from '../debian-version.js';
import { startTree } from '../supervision-tree.js';

export const runit: SupervisorAdapter = {
  name: 'runit',
  setup:
    'runsvdir -P; run scripts exec the service; svlogd per service only where logs are measured; SIGHUP ends it',
  logNotes: {
    stamped: 'svlogd -tt, size 64000000, 10 files',
    raw: 'svlogd, size 64000000, 10 files',
  },
  install: 'apt-get install runit',
  version: () => debianVersion('runit'),
  start: (job) =>
    startTree(job, {
      scanner: ['runsvdir', '-P'],
      // On SIGHUP runsvdir sends SIGTERM to each runsv, which ends its service.
      stopSignal: 'SIGHUP',
      logger(directory, logs) {
        mkdirSync(directory);
        writeFileSync(join(directory, 'config'), 's64000000\nn10\n');
        return `svlogd ${logs === 'stamped' ? '-tt ' : ''}${directory}`;
      },
    }),
};
