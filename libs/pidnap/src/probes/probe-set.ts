import type { ProbeKind } from '../config/spec.js';
import type { ProbeInfo } from '../protocol/info.js';
import { Probe, type ProbeOptions } from './probe.js';

/** The probes of one run, at most one of each kind. */
export class ProbeSet {
  #probes: Partial<Record<ProbeKind, Probe>> = {};

  get info(): Partial<Record<ProbeKind, ProbeInfo>> {
    return Object.fromEntries(Object.entries(this.#probes).map(([kind, probe]) => [kind, probe.info]));
  }

  start(kind: ProbeKind, options: ProbeOptions): void {
    this.#probes[kind] = new Probe(options);
  }

  /** Ends its checks and keeps what they have found. */
  stop(kind: ProbeKind): void {
    this.#probes[kind]?.stop();
  }

  /** Ends all checks and forgets them. */
  clear(): void {
    for (const probe of Object.values(this.#probes)) probe.stop();
    this.#probes = {};
  }
}
