import { describe, expect, it } from 'vitest';
import { canTransition, isAlive, type ProcessState, processStates, transitions } from './process-state.js';

/** One row per state it comes from, one column per state it goes to, both in the order of the table. */
const matrix = [
  //            iwsrrbcsscf
  'idle        .xx.....x.x',
  'waiting     ..x..xx.x.x',
  'starting    ...xxxxxxxx',
  'running     ....xxxxxxx',
  'ready       ...x.xxxxxx',
  'backoff     .xx...x.x.x',
  'crash-loop  .xx.....x.x',
  'stopping    .xx..xx.xxx',
  'stopped     .xx.......x',
  'completed   .xx.....x.x',
  'failed      .xx.....x..',
];

describe('process states', () => {
  it('allows exactly these transitions', () => {
    const rows = processStates.map((from) => {
      const cells = processStates.map((to) => (canTransition(from, to) ? 'x' : '.'));
      return `${from.padEnd(12)}${cells.join('')}`;
    });
    expect(rows).toEqual(matrix);
  });

  it('never lists a state as its own successor', () => {
    expect(processStates.filter((state) => canTransition(state, state))).toEqual([]);
  });

  it('reaches every state from idle', () => {
    const reached = new Set<ProcessState>(['idle']);
    for (const state of reached) for (const next of transitions[state]) reached.add(next);
    expect([...reached].sort()).toEqual([...processStates].sort());
  });

  it('has a way back to starting from every state', () => {
    const leadsToStart = (state: ProcessState, seen = new Set<ProcessState>()): boolean => {
      if (transitions[state].includes('starting')) return true;
      seen.add(state);
      return transitions[state].some((next) => !seen.has(next) && leadsToStart(next, seen));
    };
    expect(processStates.filter((state) => !leadsToStart(state))).toEqual([]);
  });

  it('leaves life only through an end: no living state goes to waiting or idle directly', () => {
    const living = processStates.filter((state) => isAlive(state) && state !== 'stopping');
    expect(living).toEqual(['starting', 'running', 'ready']);
    for (const state of living) {
      expect(transitions[state]).not.toContain('waiting');
      expect(transitions[state]).not.toContain('idle');
    }
  });
});
