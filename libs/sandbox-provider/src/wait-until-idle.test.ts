import { describe, expect, it } from 'vitest';
import type { SandboxInfo, SandboxStats } from './driver.js';
import { isBusy, waitUntilIdle } from './wait-until-idle.js';

const at = (seconds: number, changes: Partial<SandboxStats> = {}): SandboxStats => ({
  time: new Date(seconds * 1000),
  cpus: 0,
  memoryBytes: 1,
  pids: 1,
  networkRxBytes: 0,
  networkTxBytes: 0,
  ...changes,
});

describe('isBusy', () => {
  it.each([
    ['nothing', at(10), false],
    ['a little CPU', at(10, { cpus: 0.05 }), false],
    ['a working CPU', at(10, { cpus: 0.5 }), true],
    ['a heartbeat on the network', at(10, { networkRxBytes: 4_000, networkTxBytes: 4_000 }), false],
    ['a stream from a model', at(10, { networkRxBytes: 40_000 }), true],
    ['an upload', at(10, { networkTxBytes: 40_000 }), true],
  ])('%s in ten seconds: %s', (_, now, busy) => expect(isBusy(at(0), now)).toBe(busy));
});

describe('waitUntilIdle', () => {
  /** A sandbox whose readings are given, the last one for ever. */
  function scripted(readings: ReadonlyArray<SandboxStats | 'stopped'>) {
    let look = 0;
    const current = () => readings[Math.min(look, readings.length - 1)];
    return {
      looks: () => look,
      info: async () => ({ state: current() === 'stopped' ? 'stopped' : 'running' }) as SandboxInfo,
      async stats() {
        const now = current();
        look += 1;
        return now as SandboxStats;
      },
    };
  }

  it('waits through work, and for a whole idle time after it', async () => {
    const sandbox = scripted([at(0), at(1, { cpus: 1 }), at(2), at(3, { cpus: 1 }), at(4), at(5)]);
    await waitUntilIdle(sandbox, { idleMs: 10, sampleMs: 2 });
    expect(sandbox.looks()).toBeGreaterThan(5);
  });

  it('does not take the first look for idle: there is nothing to compare it with', async () => {
    const sandbox = scripted([at(0, { networkRxBytes: 5 }), at(1, { networkRxBytes: 5 })]);
    await waitUntilIdle(sandbox, { idleMs: 0, sampleMs: 1 });
    expect(sandbox.looks()).toBe(2);
  });

  it('takes a stopped one for idle', async () => {
    await waitUntilIdle(scripted(['stopped']), { idleMs: 5, sampleMs: 1 });
  });

  it('ends when it is aborted', async () => {
    const working = { ...scripted([at(0)]), stats: async () => at(Date.now(), { cpus: 2 }) };
    const waiting = waitUntilIdle(working, { idleMs: 5, sampleMs: 1, signal: AbortSignal.timeout(30) });
    await expect(waiting).rejects.toMatchObject({ code: 'Aborted' });
  });
});
