import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SupervisorAdapter } from '../adapter.js';
import { findProgram } from '../find-program.js';
import { startRoot } from '../start-root.js';

/** Not a dependency of the workspace: 77 packages that nothing else needs. */
const home = join(import.meta.dirname, '../../.cache/pm2');
const command = findProgram('pm2-runtime', [join(home, 'node_modules/.bin')]);

export const pm2: SupervisorAdapter = {
  name: 'pm2',
  setup:
    'pm2-runtime; interpreter none, fork mode, restart_delay 0, min_uptime 0, max_restarts 1e9; SIGTERM ends it',
  logNotes: {
    stamped: 'log_date_format; without rotation, which is a module of its own',
    raw: 'no date, no rotation',
  },
  install: `npm install --prefix ${home} pm2`,
  async version() {
    if (command === undefined) return undefined;
    // Asking pm2 itself would start its daemon.
    const manifest = readFileSync(join(realpathSync(command), '../../package.json'), 'utf8');
    return (JSON.parse(manifest) as { version: string }).version;
  },
  start({ directory, services, logs }) {
    if (command === undefined) throw new Error('pm2 is not installed');
    const logFile = (name: string): string => join(directory, `${name}.log`);
    const apps = services.map(({ name, argv: [script, ...args] }) => ({
      name,
      script,
      args,
      interpreter: 'none',
      exec_mode: 'fork',
      autorestart: true,
      restart_delay: 0,
      min_uptime: 0,
      max_restarts: 1_000_000_000,
      merge_logs: true,
      out_file: logFile(name),
      error_file: logFile(name),
      pmx: false,
      vizion: false,
      ...(logs === 'stamped' && { log_date_format: 'YYYY-MM-DDTHH:mm:ss.SSSZ' }),
    }));
    const config = join(directory, 'ecosystem.json');
    writeFileSync(config, JSON.stringify({ apps }));
    const env = { ...process.env, PM2_HOME: join(directory, 'pm2'), PM2_DISABLE_VERSION_CHECK: '1' };
    const root = startRoot(command, ['start', config], { directory, env });
    return { pid: root.pid, logFiles: (name) => [logFile(name)], stop: () => root.end('SIGTERM') };
  },
};
