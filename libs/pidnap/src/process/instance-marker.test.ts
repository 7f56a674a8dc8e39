import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { eventually, isRunning } from '../../test/test-manager.js';
import { findMarked, newInstance, sweepMarked } from './instance-marker.js';

describe('sweepMarked', () => {
  it('trap 5: finds and ends a descendant that left by setsid, also one that ignores SIGTERM', async () => {
    const instance = newInstance();
    const env = { PATH: process.env.PATH ?? '', PIDNAP_INSTANCE: instance };
    const script = `setsid sh -c "trap '' TERM; while :; do sleep 0.05; done" & setsid sleep 1000 & exit 0`;
    const parent = spawn('/bin/sh', ['-c', script], { env, stdio: 'ignore', detached: true });
    await once(parent, 'exit');
    const found = await eventually(() => {
      const pids = findMarked(instance);
      expect(pids.length).toBeGreaterThanOrEqual(2);
      return pids;
    });
    await sweepMarked(instance, 100);
    expect(found.filter(isRunning)).toEqual([]);
  });

  it('leaves the processes of other instances alone', async () => {
    const other = spawn('sleep', ['1000'], {
      env: { PATH: process.env.PATH ?? '', PIDNAP_INSTANCE: newInstance() },
    });
    try {
      expect(await sweepMarked(newInstance(), 100)).toEqual([]);
      expect(other.pid !== undefined && isRunning(other.pid)).toBe(true);
    } finally {
      other.kill('SIGKILL');
    }
  });
});
