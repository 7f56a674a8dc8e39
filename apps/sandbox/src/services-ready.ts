import { setTimeout as sleep } from 'node:timers/promises';
import { type Sandbox, SandboxError } from '@iterate/sandbox-provider';
import { createClient, isPidnapError, type PidnapApi, type ProcessState } from 'pidnap/client';
import { CliError } from './cli-error.js';

/** The services that a sandbox is for; `up` waits for these and for any other that pidnap runs. */
export const SERVICES = ['egress-proxy', 'iterate-daemon', 'opencode'] as const;

/** A service or task changed. */
export interface ServiceChange {
  readonly name: string;
  readonly kind: 'process' | 'task';
  readonly state: ProcessState;
  /** Milliseconds since the wait began. */
  readonly afterMs: number;
}

/** From these a service does not become ready by itself, or only slowly. */
const HOPELESS: ReadonlySet<ProcessState> = new Set(['failed', 'crash-loop', 'stopped']);
/** pidnap's own line on the container's output, once it answers. */
const ANNOUNCEMENT = 'pidnap | API on ';
const LOG_TAIL_LINES = 50;
/** For pidnap to end the stream of events when all is ready. */
const END_GRACE_MS = 200;

/**
 * Waits until every process that pidnap runs inside is ready, telling of every step.
 *
 * A request inside costs a process there, at the very time when the services need the cores to start. So it asks
 * when the container's output says that pidnap answers, and otherwise only now and then.
 *
 * @param options.timeoutMs From now.
 * @throws CliError `NotReady` with the last log lines of what failed, or of the container while pidnap is not up
 */
export async function waitForServices(
  sandbox: Sandbox,
  options: {
    timeoutMs: number;
    onChange: (change: ServiceChange) => void;
    /** Receives what the container prints until pidnap answers: the sync and the build of a mounted repository. */
    onLog?: (line: string) => void;
    /** The container has just been started: all that has happened to its services since then is told. */
    fresh?: boolean;
    /** Between two requests while pidnap does not answer. @default 1000 */
    retryMs?: number;
    signal?: AbortSignal;
  },
): Promise<void> {
  const startedAt = performance.now();
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
  const states = new Map<string, ProcessState>();
  const note = (name: string, kind: 'process' | 'task', state: ProcessState) => {
    if (states.get(`${kind} ${name}`) === state) return;
    states.set(`${kind} ${name}`, state);
    options.onChange({ name, kind, state, afterMs: Math.round(performance.now() - startedAt) });
  };
  const verdict = () => {
    const hopeless = [...states].find(([, state]) => HOPELESS.has(state));
    if (hopeless !== undefined) return 'failed';
    const processes = [...states].filter(([key]) => key.startsWith('process '));
    const known = SERVICES.every((name) => states.has(`process ${name}`));
    return known && processes.every(([, state]) => state === 'ready' || state === 'idle')
      ? 'ready'
      : 'waiting';
  };

  const pidnap = createClient({ fetch: sandbox.fetchInside });
  const answered = new AbortController();
  const announced = new AbortController();
  const log = followLog(sandbox, AbortSignal.any([signal, answered.signal]), (line) => {
    if (line.startsWith(ANNOUNCEMENT)) announced.abort();
    options.onLog?.(line);
    // Its end is news too: the container has ended, or will announce nothing more.
  }).finally(() => announced.abort());
  const retryMs = options.retryMs ?? 1_000;
  // The history of a manager that has just started is short: one request brings it and what follows.
  let replay = options.fresh === true;
  try {
    for (;;) {
      await pause(retryMs, signal, announced.signal);
      try {
        const cursor = replay ? 0 : await readStates(pidnap, note);
        if (verdict() === 'waiting')
          await followStates(pidnap, cursor, signal, note, () => {
            answered.abort();
            return verdict();
          });
        replay = false;
        if (verdict() === 'ready') return;
        if (verdict() === 'failed') break;
      } catch (error) {
        // Until entry.sh has become pidnap, nothing answers.
        if (!isPidnapError(error) || error.code !== 'unreachable') throw error;
        await requireRunning(sandbox);
      }
      await pause(retryMs / 10, signal);
    }
  } catch (error) {
    if (options.signal?.aborted === true)
      throw new SandboxError('Aborted', 'Aborted while waiting for the services.', { operation: 'wait' });
    if (!timeout.aborted) throw error;
  } finally {
    answered.abort();
    await log;
  }
  throw await notReady(sandbox, states, timeout.aborted ? options.timeoutMs : undefined);
}

async function followLog(
  sandbox: Sandbox,
  signal: AbortSignal,
  onLog: (line: string) => void,
): Promise<void> {
  const { startedAt } = await sandbox.info();
  // A log that breaks off says nothing about the services, which are what is waited for.
  const follow = async () => {
    for await (const { text } of sandbox.logs({
      follow: true,
      signal,
      ...(startedAt ? { since: startedAt } : {}),
    }))
      onLog(text);
  };
  await follow().catch(() => undefined);
}

async function readStates(
  pidnap: PidnapApi,
  note: (name: string, kind: 'process' | 'task', state: ProcessState) => void,
): Promise<number> {
  // The cursor is read first, so that a change in between is told twice rather than never.
  const { cursor } = await pidnap.status();
  const [tasks, processes] = await Promise.all([pidnap.tasks.list(), pidnap.processes.list()]);
  for (const { name, state } of tasks) note(name, 'task', state);
  for (const { name, state } of processes) note(name, 'process', state);
  return cursor;
}

/** Follows until `onEvent` says that it is enough, or pidnap ends the stream, or what was asked for is no longer kept. */
async function followStates(
  pidnap: PidnapApi,
  cursor: number,
  signal: AbortSignal,
  note: (name: string, kind: 'process' | 'task', state: ProcessState) => void,
  onEvent: () => 'ready' | 'failed' | 'waiting',
): Promise<void> {
  const done = new AbortController();
  let grace: NodeJS.Timeout | undefined;
  try {
    const query = { cursor, until: 'ready', signal: AbortSignal.any([signal, done.signal]) } as const;
    for await (const event of pidnap.events(query)) {
      if (event.type === 'events.gap') return;
      if (event.type === 'process.state') note(event.name, 'process', event.to);
      if (event.type === 'task.state') note(event.name, 'task', event.to);
      const verdict = onEvent();
      if (verdict === 'failed') return;
      // pidnap ends the stream itself by now. Ending it from here takes a process inside, and longer.
      if (verdict === 'ready') grace ??= setTimeout(() => done.abort(), END_GRACE_MS);
    }
  } finally {
    clearTimeout(grace);
    done.abort();
  }
}

/** @param early Ends the pause before its time. @throws the reason of `signal` */
async function pause(ms: number, signal: AbortSignal, early?: AbortSignal): Promise<void> {
  const either = early === undefined ? signal : AbortSignal.any([signal, early]);
  await sleep(ms, undefined, { signal: either }).catch(() => undefined);
  signal.throwIfAborted();
}

async function requireRunning(sandbox: Sandbox): Promise<void> {
  const { state, exitCode } = await sandbox.info();
  if (state === 'running' || state === 'creating') return;
  const logs = await containerLog(sandbox);
  const how = exitCode === undefined ? state : `${state} with exit code ${exitCode}`;
  throw new CliError(
    'NotReady',
    `The sandbox ended before its services were up (${how}). Its last output:\n${logs.join('\n')}`,
    {
      services: {},
      logs,
    },
  );
}

async function notReady(
  sandbox: Sandbox,
  states: ReadonlyMap<string, ProcessState>,
  timeoutMs: number | undefined,
): Promise<CliError<'NotReady'>> {
  const pending = [...states].filter(([key, state]) => !isSettled(key, state));
  const [culprit] = [...pending].sort(([, a], [, b]) => Number(HOPELESS.has(b)) - Number(HOPELESS.has(a)));
  const [kind, name] = culprit?.[0].split(' ') ?? [];
  const logs =
    name === undefined
      ? await containerLog(sandbox)
      : await fileTail(sandbox, `/var/log/pidnap/${kind === 'task' ? 'tasks' : 'process'}/${name}.log`);
  const which =
    pending.map(([key, state]) => `${key.split(' ')[1]} is ${state}`).join(', ') || 'pidnap does not answer';
  const when = timeoutMs === undefined ? '' : ` after ${Math.round(timeoutMs / 1000)} s`;
  const source = name === undefined ? 'the container' : name;
  return new CliError(
    'NotReady',
    `Not ready${when}: ${which}. Last lines of ${source}:\n${logs.join('\n')}`,
    {
      services: Object.fromEntries([...states].map(([key, state]) => [key.split(' ')[1] ?? key, state])),
      logs,
    },
  );
}

function isSettled(key: string, state: ProcessState): boolean {
  return key.startsWith('task ') ? state === 'completed' : state === 'ready' || state === 'idle';
}

async function containerLog(sandbox: Sandbox): Promise<string[]> {
  const lines: string[] = [];
  for await (const { text } of sandbox.logs({ tail: LOG_TAIL_LINES })) lines.push(text);
  return lines;
}

async function fileTail(sandbox: Sandbox, path: string): Promise<string[]> {
  const { stdout } = await sandbox.exec(['tail', '-n', String(LOG_TAIL_LINES), path]);
  return stdout.trimEnd().split('\n');
}
