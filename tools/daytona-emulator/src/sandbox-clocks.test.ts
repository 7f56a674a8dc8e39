import type { Sandbox } from '@daytona/api-client';
import { describe, expect, it } from 'vitest';
import { dueAction } from './sandbox-clocks.js';
import { newSandbox } from './sandbox-record.js';

const NOW = Date.parse('2026-01-02T03:04:05Z');
const MINUTE_MS = 1_000;
const ago = (minutes: number) => NOW - minutes * MINUTE_MS;

function due(dto: Partial<Sandbox>, times: { activeAt?: number; stoppedAt?: number } = {}) {
  const options = { buildLog: undefined, organizationId: 'o', toolboxUrl: 'u', minuteMs: MINUTE_MS };
  const record = newSandbox({}, { ...options, snapshot: undefined });
  const { activeAt = NOW, stoppedAt } = times;
  return dueAction({ dto: { ...record.dto, ...dto }, lastActivityAt: activeAt, stoppedAt }, NOW, MINUTE_MS);
}

describe('dueAction', () => {
  it.each<[string, Partial<Sandbox>, { activeAt?: number; stoppedAt?: number }, string | undefined]>([
    ['an idle one stops', { state: 'started', autoStopInterval: 15 }, { activeAt: ago(15) }, 'stop'],
    ['one in use goes on', { state: 'started', autoStopInterval: 15 }, { activeAt: ago(14.9) }, undefined],
    ['0 is never', { state: 'started', autoStopInterval: 0 }, { activeAt: ago(9_999) }, undefined],
    [
      'a stopped one is archived',
      { state: 'stopped', autoArchiveInterval: 5 },
      { stoppedAt: ago(5) },
      'archive',
    ],
    [
      'an archived one stays',
      { state: 'archived', autoArchiveInterval: 5 },
      { stoppedAt: ago(9) },
      undefined,
    ],
    [
      'a stopped one is deleted',
      { state: 'stopped', autoDeleteInterval: 3 },
      { stoppedAt: ago(3) },
      'destroy',
    ],
    ['an archived one too', { state: 'archived', autoDeleteInterval: 8 }, { stoppedAt: ago(8) }, 'destroy'],
    ['0 is at once', { state: 'stopped', autoDeleteInterval: 0 }, { stoppedAt: NOW }, 'destroy'],
    ['-1 is never', { state: 'stopped', autoDeleteInterval: -1 }, { stoppedAt: ago(60) }, undefined],
  ])('%s', (_, dto, times, expected) => expect(due(dto, times)).toBe(expected));

  it('destroys one that has expired in whatever state', () => {
    const autoDestroyAt = new Date(NOW).toISOString();
    for (const state of ['started', 'stopped', 'error'] as const)
      expect(due({ state, autoDestroyAt }), state).toBe('destroy');
    expect(due({ state: 'started', autoDestroyAt: new Date(NOW + 1).toISOString() })).toBeUndefined();
  });
});
