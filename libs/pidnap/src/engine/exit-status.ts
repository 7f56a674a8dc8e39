import { constants } from 'node:os';
import type { ExitInfo } from '../protocol/info.js';

/** The exit code a shell would report: the code itself, 128 plus the signal, 127 for what cannot be started. */
export function exitStatus(exit: ExitInfo | null): number {
  if (exit === null) return 1;
  if (exit.error !== undefined) return 127;
  if (exit.signal !== null) return 128 + (constants.signals[exit.signal as NodeJS.Signals] ?? 0);
  return exit.code ?? 1;
}
