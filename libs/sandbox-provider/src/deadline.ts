import { SandboxError } from './sandbox-error.js';

/** A signal that fires on a timeout or with the caller's own signal, whichever comes first. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  /** The error to reject with, once `signal` has fired; `undefined` before. */
  failure(logs?: readonly string[]): SandboxError<'Timeout' | 'Aborted'> | undefined;
}

/**
 * Joins a timeout and an abort signal, remembering which came first.
 *
 * @param operation What is being waited for, in words that fit after "while": "waiting for port 3000".
 * @param options.timeoutMs No timeout when left out.
 */
export function startDeadline(
  operation: string,
  options: { timeoutMs?: number | undefined; signal?: AbortSignal | undefined },
): Deadline {
  const { timeoutMs, signal: callerSignal } = options;
  const controller = new AbortController();
  let reason: 'Timeout' | 'Aborted' | undefined;
  const fire = (why: 'Timeout' | 'Aborted') => {
    reason ??= why;
    controller.abort();
  };
  const onAbort = () => fire('Aborted');
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => fire('Timeout'), timeoutMs);
  if (callerSignal?.aborted) onAbort();
  else callerSignal?.addEventListener('abort', onAbort, { once: true });

  return {
    signal: controller.signal,
    failure(logs) {
      if (reason === undefined) return undefined;
      if (reason === 'Aborted')
        return new SandboxError(
          'Aborted',
          `Aborted while ${operation}.`,
          { operation },
          { cause: callerSignal?.reason },
        );
      const tail = logs === undefined || logs.length === 0 ? '' : ` Last output:\n${logs.join('\n')}`;
      const details = { operation, timeoutMs: timeoutMs ?? 0, ...(logs === undefined ? {} : { logs }) };
      return new SandboxError(
        'Timeout',
        `Timed out after ${timeoutMs} ms while ${operation}.${tail}`,
        details,
      );
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      callerSignal?.removeEventListener('abort', onAbort);
    },
  };
}
