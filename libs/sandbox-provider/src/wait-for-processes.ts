import { setTimeout as sleep } from 'node:timers/promises';
import {
  isPidnapError,
  type PidnapApi,
  type ProcessInfo,
  type ProcessState,
  type TaskInfo,
} from 'pidnap/client';
import { type Deadline, startDeadline } from './deadline.js';
import { isSandboxError, SandboxError } from './sandbox-error.js';

/** How long to wait. */
export interface ProcessWaitOptions {
  /** @default 60000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Pause between two looks while no manager answers. @default 250 */
  readonly retryMs?: number;
}

/** Makes a call to the manager that fails with the contract's errors. */
type Supervised = <T>(operation: string, call: () => Promise<T>) => Promise<T>;

const READY: ReadonlySet<ProcessState> = new Set(['ready', 'completed']);
/** From these nothing becomes ready by itself. A crash loop is tried again, slowly. */
const LOST: ReadonlySet<ProcessState> = new Set(['failed', 'stopped']);

/**
 * Waits until processes are ready and tasks have completed. What is the case is asked for once; after that the
 * manager tells what changes, since each request costs a process inside at the time when others start.
 *
 * @param names All tasks and wanted processes when empty.
 */
export async function waitForProcesses(
  pidnap: PidnapApi,
  names: readonly string[],
  options: ProcessWaitOptions,
  supervised: Supervised,
): Promise<void> {
  const { timeoutMs = 60_000, retryMs = 250, signal } = options;
  const subject = names.length === 0 ? 'the processes' : names.join(', ');
  const operation = `waiting for ${subject} to become ready`;
  using deadline = startDeadline(operation, { timeoutMs, signal });
  let states: ReadonlyMap<string, ProcessState> = new Map();
  let lastProblem: unknown;
  while (!deadline.signal.aborted) {
    try {
      await supervised(`wait for ${subject}`, async () => {
        const seen = await readStates(pidnap, names);
        states = seen.states;
        await followStates(pidnap, seen, deadline.signal);
      });
      if (settled(states)) return;
    } catch (error) {
      if (!deadline.signal.aborted && !mayStillStart(error)) throw error;
      lastProblem ??= error;
    }
    await sleep(retryMs, undefined, { signal: deadline.signal }).catch(() => undefined);
  }
  throw notReady(deadline, states, lastProblem);
}

/** Until the manager has started, nothing answers. One that asks for a token will do so again. */
function mayStillStart(error: unknown): boolean {
  return (
    isSandboxError(error, 'NoSupervisor') && isPidnapError(error.cause) && error.cause.code === 'unreachable'
  );
}

interface Seen {
  /** By name. Kept up to date while events are followed. */
  readonly states: Map<string, ProcessState>;
  readonly cursor: number;
}

async function readStates(pidnap: PidnapApi, names: readonly string[]): Promise<Seen> {
  // The cursor comes first, so that a change in between is told twice rather than never.
  const { cursor } = await pidnap.status();
  const [tasks, processes] = await Promise.all([pidnap.tasks.list(), pidnap.processes.list()]);
  const all = [...tasks, ...processes];
  const missing = names.find((name) => !all.some((unit) => unit.name === name));
  if (missing !== undefined)
    throw new SandboxError('ProcessNotFound', `There is no process or task "${missing}" in the sandbox.`, {
      process: missing,
    });
  const waitedFor = all.filter((unit) => (names.length === 0 ? isWanted(unit) : names.includes(unit.name)));
  return { cursor, states: new Map(waitedFor.map(({ name, state }) => [name, state])) };
}

/** Scheduled processes run now and then, so all is ready without them. */
function isWanted(unit: TaskInfo | ProcessInfo): boolean {
  return unit.kind === 'task' || (unit.desired === 'running' && unit.schedule === null);
}

/**
 * Returns when all are ready, or when it is time for another look: one seems lost, which may be old news, or the
 * manager ended the stream, or no longer has what came after the cursor.
 */
async function followStates(pidnap: PidnapApi, { states, cursor }: Seen, signal: AbortSignal): Promise<void> {
  throwIfLost(states);
  if (settled(states)) return;
  const done = new AbortController();
  try {
    const query = { cursor, signal: AbortSignal.any([signal, done.signal]) };
    for await (const event of pidnap.events(query)) {
      if (event.type === 'events.gap') return;
      if (event.type !== 'process.state' && event.type !== 'task.state') continue;
      if (!states.has(event.name)) continue;
      states.set(event.name, event.to);
      if (LOST.has(event.to) || settled(states)) return;
    }
  } finally {
    done.abort();
  }
}

function settled(states: ReadonlyMap<string, ProcessState>): boolean {
  return [...states.values()].every((state) => READY.has(state));
}

function throwIfLost(states: ReadonlyMap<string, ProcessState>): void {
  for (const [process, state] of states)
    if (LOST.has(state))
      throw new SandboxError(
        'ProcessFailed',
        `${process} is ${state} and does not become ready by itself; its log says why.`,
        { process, state },
      );
}

function notReady(
  deadline: Deadline,
  states: ReadonlyMap<string, ProcessState>,
  lastProblem: unknown,
): SandboxError | undefined {
  const pending = [...states].filter(([, state]) => !READY.has(state));
  const failure = deadline.failure(pending.map(([name, state]) => `${name} is ${state}`));
  if (failure !== undefined && states.size === 0 && failure.cause === undefined) failure.cause = lastProblem;
  return failure;
}
