import { SandboxError } from '@iterate/sandbox-provider';
import { expect, it } from 'vitest';
import { runChecks } from './check.js';
import { daytonaChecks } from './daytona-checks.js';

const check = async (reach: () => Promise<number>) => (await runChecks(daytonaChecks({ reach })))[0];

it('says how long the service took', async () => {
  expect(await check(async () => 41.7)).toEqual({
    name: 'daytona',
    status: 'ok',
    text: 'Daytona takes the key and answers after 42 ms',
  });
});

it('names the variable without a key, and the emulator', async () => {
  const missing = new SandboxError('InvalidSpec', 'There is no key.', { issues: [] });
  expect(await check(() => Promise.reject(missing))).toMatchObject({
    status: 'fail',
    text: 'There is no key.',
    fix: expect.stringMatching(/DAYTONA_API_KEY.*daytona:emulator/),
  });
});

it('says where to look when nothing answers', async () => {
  const silent = new SandboxError('ProviderUnavailable', 'Silence.', { provider: 'daytona', endpoint: 'x' });
  expect(await check(() => Promise.reject(silent))).toMatchObject({
    status: 'fail',
    fix: expect.stringContaining('DAYTONA_API_URL'),
  });
});
