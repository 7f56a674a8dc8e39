import { setTimeout as sleep } from 'node:timers/promises';
import { isSandboxError, type LinuxSignal } from '@iterate/sandbox-provider';

/** Time between the SIGTERM and the SIGKILL of an aborted process. */
const GRACE_MS = 1_000;
/** SIGKILL is repeated: a process that forks while being killed can escape one sweep. */
const KILL_ROUNDS = 5;
const ROUND_MS = 500;

/**
 * Ends a process when `signal` fires: SIGTERM, then SIGKILL.
 *
 * @param ended Settles when the process has ended.
 * @param onFailure Receives why it could not be ended.
 */
export function endOnAbort(
  signal: AbortSignal | undefined,
  ended: Promise<unknown>,
  kill: (signal: LinuxSignal) => Promise<void>,
  onFailure: (error: unknown) => void,
): void {
  if (signal === undefined) return;
  const onAbort = () => void end(ended, kill).catch(onFailure);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  const stopListening = () => signal.removeEventListener('abort', onAbort);
  ended.then(stopListening, stopListening);
}

async function end(ended: Promise<unknown>, kill: (signal: LinuxSignal) => Promise<void>): Promise<void> {
  try {
    await kill('SIGTERM');
    if (await settles(ended, GRACE_MS)) return;
    for (let round = 0; round < KILL_ROUNDS; round += 1) {
      await kill('SIGKILL');
      if (await settles(ended, ROUND_MS)) return;
    }
  } catch (error) {
    // A sandbox that is gone has ended its processes.
    if (!isSandboxError(error, 'SandboxNotFound') && !isSandboxError(error, 'NotRunning')) throw error;
  }
}

async function settles(ended: Promise<unknown>, ms: number): Promise<boolean> {
  const done = ended.then(
    () => true,
    () => true,
  );
  return Promise.race([done, sleep(ms, false)]);
}
