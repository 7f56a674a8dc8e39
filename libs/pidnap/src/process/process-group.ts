import { allProcStats } from './proc-stat.js';

/**
 * Sends a signal to every member of a process group.
 *
 * @returns false when the group has no member, not even a zombie
 * @throws when the kernel refuses (EPERM): no member got the signal, which is not the same as success
 */
export function signalGroup(pgid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pgid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * Whether a member of the group still runs. `kill(-pgid, 0)` also succeeds for a group of zombies, which
 * nobody may ever collect when this process is PID 1, so a positive answer is checked against /proc.
 */
export function isGroupAlive(pgid: number): boolean {
  try {
    if (!signalGroup(pgid, 0)) return false;
  } catch {
    // EPERM: members exist and belong to somebody else.
  }
  return allProcStats().some((stat) => stat.pgrp === pgid && stat.state !== 'Z' && stat.state !== 'X');
}
