import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { exitStatus, signalNumber } from './exit-status.js';

describe('exitStatus', () => {
  it('names the signal of a code above 128', () => {
    expect(exitStatus(137)).toEqual({ code: 137, signal: 'SIGKILL' });
    expect(exitStatus(143)).toEqual({ code: 143, signal: 'SIGTERM' });
    expect(exitStatus(159)).toEqual({ code: 159, signal: 'SIGSYS' });
  });

  it.each([0, 1, 127, 128, 160, 255])('takes %i for a plain exit code', (code) => {
    expect(exitStatus(code)).toEqual({ code });
  });

  it.runIf(process.platform === 'linux')('agrees with the numbers of the kernel', () => {
    for (const name of ['SIGHUP', 'SIGKILL', 'SIGUSR1', 'SIGUSR2', 'SIGTERM', 'SIGWINCH', 'SIGSYS'] as const)
      expect(signalNumber(name)).toBe(constants.signals[name]);
  });
});
