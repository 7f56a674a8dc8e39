import { readdirSync, readFileSync } from 'node:fs';

/** What /proc says of one process. */
export interface ProcStat {
  readonly pid: number;
  /** `Z` is a zombie: dead, but not yet collected by its parent. */
  readonly state: string;
  readonly ppid: number;
  readonly pgrp: number;
  readonly session: number;
  /** Its own and that of its collected children. */
  readonly cpuSeconds: number;
  /** Ticks since the boot; with the id it names one process for good. */
  readonly startTicks: number;
}

/** USER_HZ, which Linux fixes at 100 for what it shows to programs. */
const ticksPerSecond = 100;

/** Reads one process; `undefined` when it is gone. */
export function readProcStat(pid: number): ProcStat | undefined {
  const text = readProcFile(pid, 'stat');
  if (text === undefined) return undefined;
  // The name in parentheses may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (index: number): number => Number(fields[index]);
  return {
    pid,
    state: fields[0] ?? '',
    ppid: field(1),
    pgrp: field(2),
    session: field(3),
    cpuSeconds: (field(11) + field(12) + field(13) + field(14)) / ticksPerSecond,
    startTicks: field(19),
  };
}

/** Every process of this PID namespace that can be seen. */
export function allProcStats(): ProcStat[] {
  return allPids().flatMap((pid) => readProcStat(pid) ?? []);
}

export function allPids(): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

/** Resident memory in bytes; 0 when the process is gone. */
export function readRss(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(readProcFile(pid, 'status') ?? '');
  return match ? Number(match[1]) * 1024 : 0;
}

/** Contents of a file of a process; `undefined` when the process is gone or may not be looked at. */
export function readProcFile(
  pid: number,
  file: 'stat' | 'status' | 'environ' | 'cmdline',
): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return undefined;
  }
}
