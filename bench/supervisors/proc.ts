import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Clock ticks per second in /proc, 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Reads a file of /proc; empty when the process is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

interface Stat {
  readonly state: string;
  readonly parent: number;
  readonly cpuMs: number;
}

function stat(pid: number): Stat | undefined {
  const text = read(`/proc/${pid}/stat`);
  // The name in parentheses may itself hold spaces and parentheses.
  const [state, parent, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (state === undefined || parent === undefined || text === '') return undefined;
  const ticks = Number(rest[9]) + Number(rest[10]);
  return { state, parent: Number(parent), cpuMs: (ticks * 1000) / TICKS_PER_SECOND };
}

/** Whether a process exists and is no zombie. */
export function isAlive(pid: number): boolean {
  const found = stat(pid);
  return found !== undefined && found.state !== 'Z';
}

/** CPU time used so far, in ms. */
export function cpuMs(pids: readonly number[]): number {
  return sum(pids.map((pid) => stat(pid)?.cpuMs ?? 0));
}

/** Resident memory in kB; what processes share counts for each. */
export function rssKb(pids: readonly number[]): number {
  return sum(pids.map((pid) => field(`/proc/${pid}/status`, /^VmRSS:\s+(\d+)/m)));
}

/** Resident memory in kB; what processes share counts once. */
export function pssKb(pids: readonly number[]): number {
  return sum(pids.map((pid) => field(`/proc/${pid}/smaps_rollup`, /^Pss:\s+(\d+)/m)));
}

/** A process and all that descend from it, without those that run one of `except`. */
export function tree(root: number, except: readonly string[] = []): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    const parent = Number.isInteger(pid) ? stat(pid)?.parent : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found: number[] = [];
  const next = [root];
  for (let pid = next.shift(); pid !== undefined; pid = next.shift()) {
    found.push(pid);
    next.push(...(children.get(pid) ?? []));
  }
  return found.filter((pid) => isAlive(pid) && !except.includes(program(pid)));
}

function program(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '';
  }
}

function field(path: string, pattern: RegExp): number {
  return Number(pattern.exec(read(path))?.[1] ?? 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
