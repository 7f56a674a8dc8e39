import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { allPids, readProcFile, readProcStat } from './proc-stat.js';

/** Every child carries this variable, by which a descendant is known even after `setsid`. */
export const markerName = 'PIDNAP_INSTANCE';

/** A random id of the kernel's making, which spares the start the loading of `node:crypto`. */
export function newInstance(): string {
  return readFileSync('/proc/sys/kernel/random/uuid', 'latin1').trim();
}

/** Live processes that carry the marker of an instance. */
export function findMarked(instance: string): number[] {
  const entry = `${markerName}=${instance}`;
  return allPids().filter(
    (pid) =>
      pid !== process.pid &&
      readProcFile(pid, 'environ')?.split('\0').includes(entry) &&
      readProcStat(pid)?.state !== 'Z',
  );
}

/**
 * Ends every process of an instance: asks first, kills after `graceMs`.
 *
 * @returns ids of the processes found
 */
export async function sweepMarked(instance: string, graceMs: number): Promise<number[]> {
  const found = findMarked(instance);
  if (found.length === 0) return found;
  signalAll(found, 'SIGTERM');
  const deadline = performance.now() + graceMs;
  for (let left = found; left.length > 0; left = findMarked(instance)) {
    // Looking again each time also finds what they have started meanwhile.
    if (performance.now() > deadline) signalAll(left, 'SIGKILL');
    if (performance.now() > deadline + 5000) break;
    await sleep(10);
  }
  return found;
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
