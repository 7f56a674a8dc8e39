import type { UnitSpec } from '../config/spec.js';
import type { ExitInfo, StateReason } from '../protocol/info.js';
import type { Backoff } from './backoff.js';

/** How a run ended. */
export interface RunEnd {
  readonly exit: ExitInfo;
  readonly reason: StateReason;
  readonly success: boolean;
}

/** What follows. */
export type Verdict =
  | { readonly type: 'over'; readonly state: 'completed' | 'failed'; readonly reason: StateReason }
  | {
      readonly type: 'again';
      readonly state: 'backoff' | 'crash-loop';
      readonly reason: StateReason;
      readonly delayMs: number;
    };

/** What the restart policy makes of the end of a run; counts it in `backoff` when another one follows. */
export function judgeEnd(spec: UnitSpec, backoff: Backoff, { exit, reason, success }: RunEnd): Verdict {
  if (spec.restart === 'never' || (spec.restart === 'on-failure' && success)) {
    return { type: 'over', state: success ? 'completed' : 'failed', reason };
  }
  const { type, delayMs } = backoff.next(spec, exit.uptimeMs, performance.now());
  if (type === 'retry') return { type: 'again', state: 'backoff', reason, delayMs };
  const message = `${backoff.failures} failed runs in a row, the last: ${reason.message}; next try in ${delayMs} ms`;
  return { type: 'again', state: 'crash-loop', reason: { code: 'too-many-failures', message }, delayMs };
}
