import type { ExitInfo, StateReason } from '../protocol/info.js';

/** The end of a run in words. */
export function exitReason(exit: ExitInfo): StateReason {
  if (exit.error !== undefined) return { code: 'spawn-error', message: exit.error };
  if (exit.signal !== null) return { code: 'signal', message: `killed by ${exit.signal}` };
  return { code: 'exit', message: `exit code ${exit.code}` };
}
