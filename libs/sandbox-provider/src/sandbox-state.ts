/** The states of a sandbox, the same words for every provider. */
export const SANDBOX_STATES = [
  'creating',
  'running',
  'paused',
  'stopped',
  'destroying',
  'destroyed',
  'failed',
] as const;

/** One of {@link SANDBOX_STATES}. */
export type SandboxState = (typeof SANDBOX_STATES)[number];

/** From each state, the states that may follow. A provider never reports a step that is not here. */
export const SANDBOX_TRANSITIONS: Readonly<Record<SandboxState, readonly SandboxState[]>> = {
  creating: ['running', 'stopped', 'failed', 'destroying', 'destroyed'],
  running: ['paused', 'stopped', 'failed', 'destroying', 'destroyed'],
  paused: ['running', 'stopped', 'failed', 'destroying', 'destroyed'],
  stopped: ['running', 'failed', 'destroying', 'destroyed'],
  failed: ['running', 'stopped', 'destroying', 'destroyed'],
  destroying: ['destroyed', 'failed'],
  destroyed: [],
};

/** Whether `to` may follow `from`; a state always follows itself. */
export function canTransition(from: SandboxState, to: SandboxState): boolean {
  return from === to || SANDBOX_TRANSITIONS[from].includes(to);
}
