import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { guarded } from './daytona-error.js';
import { DaytonaSdk } from './daytona-sdk.js';
import { retryAfterMs, withRetry } from './retry.js';

let close: () => void = () => undefined;
afterEach(() => close());

/** An API that gives these answers one after the other, then 200. */
async function api(...answers: Array<[status: number, headers?: Record<string, string>]>) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    const [status, headers] = answers.shift() ?? [200];
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ message: `answer ${status}` }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close = () => server.close();
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { sdk: new DaytonaSdk({ apiUrl, apiKey: 'the-secret-key', target: 'us' }), seen, apiUrl };
}

describe('withRetry', () => {
  it('goes on over 429 and 502 of the generated client', async () => {
    const { sdk, seen } = await api([502], [429, { 'Retry-After-authenticated': '0' }]);
    await withRetry(() => sdk.snapshots.getSnapshot('a'));
    expect(seen).toHaveLength(3);
  });

  it('goes on over 502 of the SDK itself', async () => {
    const { sdk, seen } = await api([502]);
    await withRetry(() => sdk.sandbox('a')).catch(() => undefined);
    expect(seen.length).toBeGreaterThan(1);
  });

  it('gives up at once on a refusal', async () => {
    const { sdk, seen } = await api([400]);
    await expect(withRetry(() => sdk.snapshots.getSnapshot('a'))).rejects.toThrow();
    expect(seen).toHaveLength(1);
  });

  it('gives up after so many attempts', async () => {
    const { sdk, seen } = await api([502], [502], [502]);
    await expect(withRetry(() => sdk.snapshots.getSnapshot('a'), { attempts: 2 })).rejects.toThrow();
    expect(seen).toHaveLength(2);
  });

  it('stops waiting when it is aborted', async () => {
    const { sdk } = await api([429, { 'Retry-After': '60' }]);
    const call = withRetry(() => sdk.snapshots.getSnapshot('a'), { signal: AbortSignal.timeout(100) });
    await expect(call).rejects.toThrow(/abort/i);
  });
});

describe('retryAfterMs', () => {
  const error = (headers: Record<string, string>) =>
    Object.assign(new Error('429'), { statusCode: 429, headers });

  it('reads seconds, dates and the suffix of a limit', () => {
    expect(retryAfterMs(error({ 'retry-after': '2' }))).toBe(2000);
    expect(retryAfterMs(error({ 'Retry-After-sandbox-create': '3' }))).toBe(3000);
    const date = new Date(Date.now() + 10_000).toUTCString();
    expect(retryAfterMs(error({ 'retry-after': date }))).toBeGreaterThan(8000);
  });

  it('never waits for longer than a minute, nor for nonsense', () => {
    expect(retryAfterMs(error({ 'retry-after': '86400' }))).toBe(60_000);
    expect(retryAfterMs(error({ 'retry-after': 'soon' }))).toBeUndefined();
    expect(retryAfterMs(error({}))).toBeUndefined();
  });
});

describe('errors', () => {
  it('say what to do, and never hold the API key', async () => {
    const { sdk, apiUrl } = await api([401]);
    const call = guarded({ operation: 'look up', endpoint: apiUrl }, () => sdk.snapshots.getSnapshot('a'));
    const error: unknown = await call.catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'ProviderError', details: { status: 401, retryable: false } });
    expect(String(error)).toContain('DAYTONA_API_KEY');
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('the-secret-key');
  });

  it('tell a service that does not answer from one that refuses', async () => {
    const sdk = new DaytonaSdk({ apiUrl: 'http://127.0.0.1:9', apiKey: 'k', target: 'us' });
    const call = guarded({ operation: 'look up', endpoint: 'x' }, () => sdk.snapshots.getSnapshot('a'));
    await expect(call).rejects.toMatchObject({ code: 'ProviderUnavailable' });
  });
});
