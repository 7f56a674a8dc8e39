import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Job, SupervisorAdapter } from '../adapter.js';
import { debianVersion } from '../debian-version.js';
import { startRoot } from '../start-root.js';

/** Stops one program after the other, as supervisord does by default. */
export const supervisord = adapter('supervisord', false);

/** All programs in one group, which it stops together. */
export const supervisordGroup = adapter('supervisord-group', true);

function adapter(name: string, group: boolean): SupervisorAdapter {
  return {
    name,
    setup: `autorestart=true startsecs=0 startretries=999999999${group ? ', all programs in one [group]' : ''}; SIGTERM ends it`,
    logNotes: {
      stamped: 'rotation at 64 MB, 10 backups; it has no time stamps',
      raw: 'no rotation (stdout_logfile_maxbytes=0)',
    },
    install: 'apt-get install supervisor',
    version: () => debianVersion('supervisor'),
    start(job) {
      const config = join(job.directory, 'supervisord.conf');
      writeFileSync(config, configOf(job, group));
      const root = startRoot('supervisord', ['-n', '-c', config], { directory: job.directory });
      return {
        pid: root.pid,
        logFiles: (service) => backupsThenCurrent(job.directory, `${service}.log`),
        stop: () => root.end('SIGTERM'),
      };
    },
  };
}

function configOf({ directory, services, logs }: Job, group: boolean): string {
  const head = `[supervisord]
nodaemon=true
logfile=${directory}/supervisord.log
pidfile=${directory}/supervisord.pid
childlogdir=${directory}
user=root
minfds=4096
`;
  const groups = group ? `[group:all]\nprograms=${services.map(({ name }) => name).join(',')}\n` : '';
  const programs = services.map(
    ({ name, argv }) => `[program:${name}]
command=${argv.join(' ')}
autorestart=true
startsecs=0
startretries=999999999
redirect_stderr=true
stdout_logfile=${directory}/${name}.log
stdout_logfile_maxbytes=${logs === 'stamped' ? 64_000_000 : 0}
stdout_logfile_backups=10
`,
  );
  return [head, groups, ...programs].join('');
}

/** `<name>.3 <name>.2 <name>.1 <name>`: the highest number is the oldest. */
export function backupsThenCurrent(directory: string, name: string): string[] {
  const numbers = readdirSync(directory)
    .filter((entry) => entry.startsWith(`${name}.`))
    .map((entry) => Number(entry.slice(name.length + 1)))
    .filter(Number.isInteger)
    .sort((a, b) => b - a);
  return [...numbers.map((number) => `${name}.${number}`), name].map((entry) => join(directory, entry));
}
