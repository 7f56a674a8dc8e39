import { describe, expect, it } from 'vitest';
import { canTransition, SANDBOX_STATES, SANDBOX_TRANSITIONS } from './sandbox-state.js';

describe('sandbox states', () => {
  it.each(SANDBOX_STATES.flatMap((from) => SANDBOX_STATES.map((to) => [from, to] as const)))(
    '%s to %s is allowed exactly when the table says so',
    (from, to) => {
      expect(canTransition(from, to)).toBe(from === to || SANDBOX_TRANSITIONS[from].includes(to));
    },
  );

  it('lets every state but destroyed be destroyed, and nothing follow destroyed', () => {
    const undestroyable = SANDBOX_STATES.filter((state) => !SANDBOX_TRANSITIONS[state].includes('destroyed'));
    expect(undestroyable).toEqual(['destroyed']);
    expect(SANDBOX_TRANSITIONS.destroyed).toEqual([]);
  });
});
