import { existsSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PidnapConfig, ProcessConfig } from 'pidnap';
import type { RunningSupervisor, SupervisorAdapter } from '../adapter.js';
import { startRoot } from '../start-root.js';
import { backupsThenCurrent } from './supervisord.js';

const library = join(import.meta.dirname, '../../../libs/pidnap');
const cli = join(library, 'dist/cli.js');

/** Restarts at once, however often it ends. */
export const RESTART_AT_ONCE: Pick<ProcessConfig, 'restart' | 'backoff' | 'crashLoop'> = {
  restart: 'always',
  backoff: { initial: 0, max: 0 },
  crashLoop: false,
};

export const pidnap: SupervisorAdapter = {
  name: 'pidnap',
  setup: 'pidnap init (as built), API on a unix socket, restart always, backoff 0; SIGTERM ends it',
  logNotes: {
    stamped: 'ISO stamps, rotation at 64 MB, 10 files',
    raw: 'timestamps: false, rotation at 64 MB, 10 files',
  },
  install: 'pnpm --filter pidnap... build',
  async version() {
    if (!existsSync(cli)) return undefined;
    const { version } = JSON.parse(await readFile(join(library, 'package.json'), 'utf8')) as {
      version: string;
    };
    return version;
  },
  start({ directory, services, logs }) {
    const processes = services.map(({ name, argv }): [string, ProcessConfig] => [
      name,
      { command: argv, ...RESTART_AT_ONCE },
    ]);
    return startPidnap(directory, {
      logs: { timestamps: logs !== 'raw', maxBytes: 64_000_000, keep: 10 },
      processes: Object.fromEntries(processes),
    });
  },
};

/** A manager whose API listens on `<directory>/api.sock`. */
export interface RunningPidnap extends RunningSupervisor {
  readonly socketPath: string;
}

/** Starts the built manager with any configuration. */
export function startPidnap(directory: string, config: PidnapConfig): RunningPidnap {
  const socketPath = join(directory, 'api.sock');
  const logDir = join(directory, 'logs');
  const file = join(directory, 'pidnap.config.json');
  writeFileSync(file, JSON.stringify({ ...config, logDir, http: { socket: socketPath } }));
  const root = startRoot(process.execPath, [cli, 'init', '--config', file], { directory });
  return {
    pid: root.pid,
    socketPath,
    logFiles: (name) => backupsThenCurrent(join(logDir, 'process'), `${name}.log`),
    stop: () => root.end('SIGTERM'),
  };
}
