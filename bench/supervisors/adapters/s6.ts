import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SupervisorAdapter } from '../adapter.js';
import { debianVersion } from '../debian-version.js';
import { startRoot } from '../start-root.js';

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
  start({ directory, services, logs }) {
    const scan = join(directory, 'scan');
    for (const { name, argv } of services) {
      const service = join(scan, name);
      mkdirSync(join(service, logs === 'any' ? '' : 'log'), { recursive: true });
      writeScript(join(service, 'run'), `exec 2>&1\nexec ${argv.join(' ')}`);
      if (logs === 'any') continue;
      const stamp = logs === 'stamped' ? 't' : '';
      writeScript(
        join(service, 'log', 'run'),
        `exec s6-log ${stamp} n10 s64000000 ${logDirectory(directory, name)}`,
      );
    }
    const root = startRoot('s6-svscan', ['-c', '1000', scan], { directory });
    return {
      pid: root.pid,
      logFiles: (name) => archivedThenCurrent(logDirectory(directory, name)),
      stop: () => root.end('SIGTERM'),
    };
  },
};

/** Where the output of a service goes. */
export function logDirectory(directory: string, name: string): string {
  return join(directory, `log-${name}`);
}

/** The files of s6-log or svlogd: archives are named by time. None before the logger has started. */
export function archivedThenCurrent(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const archived = readdirSync(directory).filter((name) => name.startsWith('@'));
  return [...archived.sort(), 'current'].map((name) => join(directory, name));
}

/** A shell script as s6 and runit run them. */
export function writeScript(path: string, body: string): void {
  writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}
