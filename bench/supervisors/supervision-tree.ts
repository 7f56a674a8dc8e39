import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Job, RunningSupervisor } from './adapter.js';
import { startRoot } from './start-root.js';

/** What is particular to a supervisor of the daemontools family. */
export interface TreeOptions {
  /** The program that watches a directory of services, and its arguments before that directory. */
  readonly scanner: readonly [string, ...string[]];
  /** The signal that ends everything. */
  readonly stopSignal: NodeJS.Signals;
  /** The command that logs into a directory; may first put its settings there. */
  readonly logger: (logDirectory: string, logs: 'stamped' | 'raw') => string;
}

/** Starts a scanner on one directory per service, each with a `run` script and, where logs count, a logger. */
export function startTree({ directory, services, logs }: Job, options: TreeOptions): RunningSupervisor {
  const scan = join(directory, 'scan');
  const logDirectory = (name: string): string => join(directory, `log-${name}`);
  for (const { name, argv } of services) {
    const service = join(scan, name);
    mkdirSync(service, { recursive: true });
    writeScript(join(service, 'run'), `exec 2>&1\nexec ${argv.join(' ')}`);
    if (logs === 'any') continue;
    mkdirSync(join(service, 'log'));
    writeScript(join(service, 'log', 'run'), `exec ${options.logger(logDirectory(name), logs)}`);
  }
  const [command, ...args] = options.scanner;
  const root = startRoot(command, [...args, scan], { directory });
  return {
    pid: root.pid,
    logFiles: (name) => archivedThenCurrent(logDirectory(name)),
    stop: () => root.end(options.stopSignal),
  };
}

/** Archives are named by time. None before the logger has started. */
function archivedThenCurrent(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const archived = readdirSync(directory).filter((name) => name.startsWith('@'));
  return [...archived.sort(), 'current'].map((name) => join(directory, name));
}

function writeScript(path: string, body: string): void {
  writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}
