/**
 * Every state a process or a task can be in.
 *
 * | state        | meaning                                                                    |
 * | ------------ | -------------------------------------------------------------------------- |
 * | `idle`       | never started: `autoStart: false`, or a schedule whose time has not come   |
 * | `waiting`    | wanted, but a dependency is not there yet                                   |
 * | `starting`   | spawned; its start-up probe has not passed yet                              |
 * | `running`    | alive and started, but not (or no longer) ready                             |
 * | `ready`      | alive, and its readiness probe passes (or it has none)                      |
 * | `backoff`    | died; the next start is scheduled                                           |
 * | `crash-loop` | died too often in a short time; retried slowly                              |
 * | `stopping`   | told to stop; its process group is not gone yet                             |
 * | `stopped`    | stopped on request                                                          |
 * | `completed`  | ended with exit code 0 and is not to run again by itself                    |
 * | `failed`     | ended badly and is not to run again by itself, or what it needs has failed  |
 */
export type ProcessState =
  | 'idle'
  | 'waiting'
  | 'starting'
  | 'running'
  | 'ready'
  | 'backoff'
  | 'crash-loop'
  | 'stopping'
  | 'stopped'
  | 'completed'
  | 'failed';

/** What the operator wants, apart from what is the case. */
export type DesiredState = 'running' | 'stopped';

/**
 * The legal transitions. A state that is left for itself (a new reason for waiting) is not a transition.
 */
export const transitions: { readonly [State in ProcessState]: readonly ProcessState[] } = {
  idle: ['waiting', 'starting', 'failed', 'stopped'],
  waiting: ['starting', 'failed', 'stopped', 'backoff', 'crash-loop'],
  starting: ['running', 'ready', 'backoff', 'crash-loop', 'stopping', 'stopped', 'completed', 'failed'],
  running: ['ready', 'backoff', 'crash-loop', 'stopping', 'stopped', 'completed', 'failed'],
  ready: ['running', 'backoff', 'crash-loop', 'stopping', 'stopped', 'completed', 'failed'],
  backoff: ['waiting', 'starting', 'stopped', 'failed', 'crash-loop'],
  'crash-loop': ['waiting', 'starting', 'stopped', 'failed'],
  stopping: ['stopped', 'waiting', 'starting', 'completed', 'failed', 'backoff', 'crash-loop'],
  stopped: ['waiting', 'starting', 'failed'],
  completed: ['waiting', 'starting', 'stopped', 'failed'],
  failed: ['waiting', 'starting', 'stopped'],
};

/** All states, in the order of the table above. */
export const processStates = Object.keys(transitions) as readonly ProcessState[];

/** Whether the table allows this step. */
export function canTransition(from: ProcessState, to: ProcessState): boolean {
  return transitions[from].includes(to);
}

const alive: ReadonlySet<ProcessState> = new Set(['starting', 'running', 'ready', 'stopping']);

/** Whether a state has a live child process behind it. */
export function isAlive(state: ProcessState): boolean {
  return alive.has(state);
}
