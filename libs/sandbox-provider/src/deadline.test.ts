import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startDeadline } from './deadline.js';

describe('startDeadline', () => {
  it('has no failure before it fires', () => {
    using deadline = startDeadline('testing', { timeoutMs: 10_000 });
    expect(deadline.signal.aborted).toBe(false);
    expect(deadline.failure()).toBeUndefined();
  });

  it('reports a timeout with the last output', async () => {
    using deadline = startDeadline('waiting for port 80', { timeoutMs: 1 });
    await sleep(20);
    expect(deadline.failure(['one', 'two'])).toMatchObject({
      code: 'Timeout',
      message: 'Timed out after 1 ms while waiting for port 80. Last output:\none\ntwo',
      details: { operation: 'waiting for port 80', timeoutMs: 1, logs: ['one', 'two'] },
    });
  });

  it('remembers what came first: a caller who aborted sees no timeout', async () => {
    const controller = new AbortController();
    using deadline = startDeadline('testing', { timeoutMs: 5, signal: controller.signal });
    controller.abort(new Error('changed my mind'));
    await sleep(20);
    expect(deadline.failure()).toMatchObject({ code: 'Aborted', cause: new Error('changed my mind') });
  });

  it('fires at once for a signal that has fired', () => {
    using deadline = startDeadline('testing', { signal: AbortSignal.abort() });
    expect(deadline.signal.aborted).toBe(true);
  });
});
