import type { ProcessInfo, TaskInfo } from 'pidnap/client';
import type { Service } from '../api.js';

/** A service or task of pidnap as the daemon's API shows it. */
export function toService(info: ProcessInfo | TaskInfo): Service {
  const isProcess = info.kind === 'process';
  return {
    kind: info.kind,
    name: info.name,
    self: isSelf(info.pid),
    state: info.state,
    reason: info.reason,
    since: info.since,
    desired: isProcess ? info.desired : null,
    pid: info.pid,
    uptimeMs: info.uptimeMs,
    restarts: isProcess ? info.restarts : 0,
    lastExit: info.lastExit && {
      code: info.lastExit.code,
      signal: info.lastExit.signal,
      at: info.lastExit.at,
    },
    nextStartAt: isProcess ? info.nextStartAt : null,
    envReloadAt: isProcess ? info.envReloadAt : null,
  };
}

/** Whether a child of pidnap is this very daemon, started directly or through a shell. */
export function isSelf(pid: number | null): boolean {
  return pid !== null && (pid === process.pid || pid === process.ppid);
}

/** The same service while nobody can say how it does. */
export function toUnknown(service: Service, message: string, since: string): Service {
  return {
    ...service,
    state: 'unknown',
    reason: { code: 'pidnap-unreachable', message },
    since,
    pid: null,
    uptimeMs: null,
    nextStartAt: null,
    envReloadAt: null,
  };
}
