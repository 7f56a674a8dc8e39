import type { ResourceUsage } from '../protocol/info.js';
import { allProcStats, readRss } from './proc-stat.js';

/** A look at /proc is shared by the calls that follow within this time. */
const freshMs = 1000;

/** What process groups use; one pass over /proc answers for all of them. */
export class UsageReader {
  #groups = new Map<number, ResourceUsage>();
  #readMs = Number.NEGATIVE_INFINITY;

  /** `null` when the group has no member. */
  read(pgid: number): ResourceUsage | null {
    if (performance.now() - this.#readMs > freshMs) this.#refresh();
    return this.#groups.get(pgid) ?? null;
  }

  #refresh(): void {
    const groups = new Map<number, ResourceUsage>();
    for (const { pid, pgrp, state, cpuSeconds } of allProcStats()) {
      if (state === 'Z') continue;
      const { cpuSeconds: cpu = 0, rssBytes = 0, processes = 0 } = groups.get(pgrp) ?? {};
      groups.set(pgrp, {
        cpuSeconds: cpu + cpuSeconds,
        rssBytes: rssBytes + readRss(pid),
        processes: processes + 1,
      });
    }
    this.#groups = groups;
    this.#readMs = performance.now();
  }
}
