import { daytonaProvider } from '@iterate/sandbox-daytona';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyRepo, type RepoCopy } from './test/repo-copy.js';
import { testRemoval, testSandbox } from './test/sandbox-body.js';
import { DAEMON_PORT, SandboxUnderTest } from './test/sandbox-under-test.js';

const ref = process.env.SANDBOX_ITERATE_REPO_REF || undefined;
/** One that exists; it is not known what it was made of. */
const snapshot = process.env.DAYTONA_SNAPSHOT_NAME || undefined;

let repo: RepoCopy;
let subject: SandboxUnderTest;

beforeAll(async () => {
  // Without a key this says what to do, before anything is built.
  const connection = await daytonaProvider.connect({});
  repo = await copyRepo();
  const ofRef = ref === undefined || snapshot !== undefined ? [] : ['--ref', ref];
  // If nobody is left to remove it, the service does.
  const limits = ['--ttl', '2h', '--auto-stop', '1h', '--timeout', '600'];
  subject = new SandboxUnderTest(connection, repo.dir, [...ofRef, ...limits]);
  await subject.bringUp();
}, 3_600_000);

afterAll(async () => {
  await subject?.[Symbol.asyncDispose]();
  await repo?.[Symbol.asyncDispose]();
});

describe('a sandbox on Daytona', () => {
  testSandbox(
    () => subject,
    async () => {
      if (snapshot !== undefined) return undefined;
      if (ref !== undefined) return { head: await repo.git('rev-parse', `${ref}^{commit}`), status: '' };
      return { head: await repo.git('rev-parse', 'HEAD'), status: await repo.git('status', '--porcelain') };
    },
  );

  it('shows its ports only to those with the token', async () => {
    const { url, headers = {} } = await subject.box.endpoint(DAEMON_PORT);
    const health = new URL('/api/health', url);
    expect((await fetch(health)).status).toBe(401);
    expect((await fetch(health, { headers })).status).toBe(200);
  });

  it('expires by itself', async () => {
    const left = ((await subject.box.info()).expiresAt?.getTime() ?? 0) - Date.now();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(2 * 3_600_000);
  });

  testRemoval(() => subject);
});
