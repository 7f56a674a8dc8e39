import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SupervisorAdapter } from '../adapter.js';
import { debianVersion } from '../debian-version.js';
import { startRoot } from '../start-root.js';
import { archivedThenCurrent, logDirectory, writeScript } from './s6.js';

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
  start({ directory, services, logs }) {
    const scan = join(directory, 'scan');
    for (const { name, argv } of services) {
      const service = join(scan, name);
      mkdirSync(join(service, logs === 'any' ? '' : 'log'), { recursive: true });
      writeScript(join(service, 'run'), `exec 2>&1\nexec ${argv.join(' ')}`);
      if (logs === 'any') continue;
      const log = logDirectory(directory, name);
      mkdirSync(log);
      writeFileSync(join(log, 'config'), 's64000000\nn10\n');
      writeScript(join(service, 'log', 'run'), `exec svlogd ${logs === 'stamped' ? '-tt ' : ''}${log}`);
    }
    const root = startRoot('runsvdir', ['-P', scan], { directory });
    return {
      pid: root.pid,
      logFiles: (name) => archivedThenCurrent(logDirectory(directory, name)),
      // On SIGHUP runsvdir sends SIGTERM to each runsv, which ends its service.
      stop: () => root.end('SIGHUP'),
    };
  },
};
