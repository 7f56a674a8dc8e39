import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sweepMarked } from './instance-marker.js';
import { readProcStat } from './proc-stat.js';

interface Manager {
  readonly pid: number;
  readonly startTicks: number;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * A note that a manager runs, `<directory>/<instance>`, for the next one: when the manager and its guard are both
 * killed, nobody else is left to end their services. The note goes with an orderly end.
 */
export class InstanceRecord {
  readonly #path: string;

  constructor(directory: string, instance: string) {
    this.#path = join(directory, instance);
    mkdirSync(directory, { recursive: true });
    const manager: Manager = { pid: process.pid, startTicks: readProcStat(process.pid)?.startTicks ?? 0 };
    writeFileSync(this.#path, JSON.stringify(manager), { mode: 0o600 });
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }
}

/**
 * Ends what managers that are dead have left running. Such a process is known by the random id of its manager in
 * its environment, never by its own id, which the kernel may have given to somebody else since.
 *
 * @returns ids of the processes found
 */
export async function endLeftovers(directory: string, graceMs: number): Promise<number[]> {
  const found: number[] = [];
  for (const instance of instancesIn(directory)) {
    const path = join(directory, instance);
    if (runs(readManager(path))) continue;
    found.push(...(await sweepMarked(instance, graceMs)));
    rmSync(path, { force: true });
  }
  return found;
}

function instancesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => uuid.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** `undefined` for what a manager that died while it wrote has left. */
function readManager(path: string): Manager | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Manager;
  } catch {
    return undefined;
  }
}

function runs(manager: Manager | undefined): boolean {
  const stat = manager && readProcStat(manager.pid);
  return stat !== undefined && stat.startTicks === manager?.startTicks && stat.state !== 'Z';
}
