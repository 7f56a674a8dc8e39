import { setTimeout as sleep } from 'node:timers/promises';
import { startDeadline } from './deadline.js';
import type { SandboxStats } from './driver.js';
import type { Sandbox } from './sandbox.js';

/** What counts as idle. */
export interface IdleOptions {
  /** How long it must be idle without a break, in milliseconds. */
  readonly idleMs: number;
  /** Pause between two looks; each costs about as much as a second of `docker stats`. @default 10000 */
  readonly sampleMs?: number;
  /** Cores in use above which it works. @default 0.1 */
  readonly busyCpus?: number;
  /** Bytes a second, in or out, above which it works: an agent that waits for a model uses the network only. @default 1024 */
  readonly busyBytesPerSecond?: number;
  readonly signal?: AbortSignal;
}

/**
 * Resolves once a sandbox has done nothing for a while: used no CPU to speak of, and sent and received next to
 * nothing. A paused or stopped one does nothing.
 *
 * @throws SandboxError `Unsupported` where the provider has no stats, `Aborted`
 */
export async function waitUntilIdle(
  sandbox: Pick<Sandbox, 'info' | 'stats'>,
  options: IdleOptions,
): Promise<void> {
  const { idleMs, sampleMs = 10_000 } = options;
  using deadline = startDeadline('waiting for the sandbox to be idle', { signal: options.signal });
  let before: SandboxStats | undefined;
  let idleSince: number | undefined;
  while (!deadline.signal.aborted) {
    const { state } = await sandbox.info();
    const now = state === 'running' ? await sandbox.stats() : undefined;
    if (now !== undefined && (before === undefined || isBusy(before, now, options))) idleSince = undefined;
    else idleSince ??= Date.now();
    if (idleSince !== undefined && Date.now() - idleSince >= idleMs) return;
    before = now;
    await sleep(sampleMs, undefined, { signal: deadline.signal }).catch(() => undefined);
  }
  throw deadline.failure();
}

/** Whether anything went on between two readings. */
export function isBusy(
  before: SandboxStats,
  now: SandboxStats,
  { busyCpus = 0.1, busyBytesPerSecond = 1024 }: Pick<IdleOptions, 'busyCpus' | 'busyBytesPerSecond'> = {},
): boolean {
  const seconds = Math.max(0.001, (now.time.getTime() - before.time.getTime()) / 1000);
  const total = ({ networkRxBytes, networkTxBytes }: SandboxStats) => networkRxBytes + networkTxBytes;
  return now.cpus > busyCpus || (total(now) - total(before)) / seconds > busyBytesPerSecond;
}
