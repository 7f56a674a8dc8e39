import { setTimeout as sleep } from 'node:timers/promises';
import { startDeadline } from './deadline.js';
import type { Sandbox } from './sandbox.js';
import { SandboxError } from './sandbox-error.js';
import { checkCondition, describeCondition, type WaitCondition } from './wait-condition.js';

/** How long and how often to look. */
export interface WaitOptions {
  /** @default 60000 */
  readonly timeoutMs?: number;
  /** Pause between two looks. @default 100 */
  readonly intervalMs?: number;
  readonly signal?: AbortSignal;
}

const LOG_TAIL_LINES = 50;

/**
 * Resolves once `condition` holds. Rejects as soon as it cannot hold any more, because the sandbox has
 * ended, and at the deadline; both carry the last 50 lines of the main process.
 *
 * @throws SandboxError `Timeout`, `NotRunning`, `Aborted`
 */
export async function waitFor(
  sandbox: Sandbox,
  condition: WaitCondition,
  options: WaitOptions = {},
): Promise<void> {
  const { timeoutMs = 60_000, intervalMs = 100 } = options;
  const subject = describeCondition(condition);
  using deadline = startDeadline(`waiting for ${subject}`, { timeoutMs, signal: options.signal });
  let lastProblem: unknown;
  while (!deadline.signal.aborted) {
    try {
      if (await checkCondition(sandbox, condition, deadline.signal)) return;
      lastProblem = undefined;
    } catch (error) {
      lastProblem = error;
    }
    if (deadline.signal.aborted) break;
    const { state } = await sandbox.info();
    if (state !== 'running' && state !== 'creating') throw await notRunning(sandbox, subject, state);
    await sleep(intervalMs, undefined, { signal: deadline.signal }).catch(() => undefined);
  }
  const failure = deadline.failure(await lastLogLines(sandbox));
  if (failure !== undefined && lastProblem !== undefined && failure.cause === undefined)
    failure.cause = lastProblem;
  throw failure;
}

async function notRunning(sandbox: Sandbox, subject: string, state: string): Promise<SandboxError> {
  const logs = await lastLogLines(sandbox);
  return new SandboxError(
    'NotRunning',
    `The sandbox is ${state}; it ended while waiting for ${subject}. Last output:\n${logs.join('\n')}`,
    { id: sandbox.id, state, logs },
  );
}

async function lastLogLines(sandbox: Sandbox): Promise<string[]> {
  const lines: string[] = [];
  try {
    for await (const line of sandbox.logs({ tail: LOG_TAIL_LINES })) lines.push(line.text);
  } catch (error) {
    lines.push(`(its log cannot be read: ${error instanceof Error ? error.message : String(error)})`);
  }
  return lines;
}
