import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'dotenv';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBrowser } from './open-browser.js';
import { type RealPidnap, startRealPidnap } from './real-pidnap.js';
import { token, tokenSha256, unusedPort } from './test-daemon.js';

// The whole of it as in a sandbox: pidnap runs the built daemon, and a browser opens its page.

const program = (name: string): string => fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url));

let directory: string;
let envFile: string;
let url: string;
let pidnap: RealPidnap;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  browser = await openBrowser();
  directory = await mkdtemp(join(tmpdir(), 'daemon-page-'));
  envFile = join(directory, '.env');
  const [port, pidnapPort] = [await unusedPort(), await unusedPort()];
  url = `http://127.0.0.1:${port}`;
  const env = {
    ITERATE_DAEMON_PORT: String(port),
    ITERATE_DAEMON_TOKEN_SHA256: tokenSha256,
    ITERATE_DAEMON_DB: join(directory, 'daemon.db'),
    ITERATE_ENV_FILE: envFile,
    PIDNAP_URL: `http://127.0.0.1:${pidnapPort}`,
  };
  pidnap = await startRealPidnap(
    {
      envFile,
      tasks: { 'db-migrate': { command: ['node', program('migrate')], env } },
      processes: {
        'iterate-daemon': {
          command: ['node', program('server')],
          env,
          dependsOn: ['db-migrate'],
          probes: { readiness: { http: { port, path: '/api/health' } } },
          envOptions: { reloadDelay: 300 },
        },
        opencode: { command: 'exec sleep 1000', restart: 'never', envOptions: { reloadDelay: false } },
      },
    },
    pidnapPort,
  );
  await pidnap.client.waitReady(undefined, { timeoutMs: 30_000 });
});

afterAll(async () => {
  await browser?.close();
  await pidnap?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

beforeEach(async () => {
  page = await browser.newPage();
  complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // That the daemon is away for a moment, or refuses a token, is part of the tests.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load'))
      complaints.push(message.text());
  });
});

afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

const openPage = (fragment = `#token=${token}`): Promise<unknown> => page.goto(`${url}/${fragment}`);
const row = (service: string): Locator => page.locator(`[data-service="${service}"]`);
const shows = (locator: Locator, text: string | RegExp): Promise<void> =>
  expect.poll(() => locator.textContent()).toMatch(text);
const connection = (): Locator => page.locator('.connection');

describe('the page', () => {
  it('takes the token from the address and strips it', async () => {
    await openPage();
    await shows(connection(), 'Live');
    expect(page.url()).toBe(`${url}/`);
    await page.reload();
    await shows(connection(), 'Live');
  });

  it('asks for a token without one, and says when it is wrong', async () => {
    await openPage('');
    const field = page.getByLabel('Token');
    await field.fill('wrong');
    await page.getByRole('button', { name: 'Open' }).click();
    await shows(page.getByRole('alert'), 'A valid token is needed');
    await field.fill(token);
    await field.press('Enter');
    await shows(connection(), 'Live');
  });

  it('shows a service going down live, with the cause, and starts it again', async () => {
    await openPage();
    await shows(row('iterate-daemon'), 'ready');
    await shows(row('db-migrate'), 'completed');
    await shows(row('opencode'), 'ready');
    process.kill(await pidnap.pid('opencode'), 'SIGKILL');
    await shows(row('opencode'), /failed.*SIGKILL/);
    await shows(page.locator('.events li').first(), /opencode.*ready.*failed/);
    await shows(page.locator('.summary').first(), '1 of 2 ready');

    await row('opencode').getByRole('button', { name: 'Restart' }).click();
    await shows(row('opencode'), /ready.*up.*pid/);
    await shows(page.locator('.summary').first(), '2 of 2 ready');
  });

  it('stops a service when asked twice', async () => {
    await openPage();
    await row('opencode').getByRole('button', { name: 'Stop' }).click();
    await row('opencode').getByRole('button', { name: 'Really stop?' }).click();
    await shows(row('opencode'), 'stopped');
    await row('opencode').getByRole('button', { name: 'Start' }).click();
    await shows(row('opencode'), 'ready');
  });

  it('sets and removes a key of the env file, and comes back when that restarts the daemon', async () => {
    await openPage();
    await shows(connection(), 'Live');
    const before = await pidnap.pid('iterate-daemon');
    const value = 'first "line" #1\n$HOME';
    await page.getByLabel('Key', { exact: true }).fill('MODEL_KEY');
    await page.getByLabel('Value', { exact: true }).fill(value);
    await page.getByRole('button', { name: 'Set key' }).click();
    await shows(page.locator('[data-key="MODEL_KEY"]'), 'MODEL_KEY');
    expect(parse(await readFile(envFile))).toEqual({ MODEL_KEY: value });
    await shows(page.locator('.notice'), 'MODEL_KEY is set');
    expect(await page.content()).not.toContain('first "line"');

    await expect.poll(() => pidnap.pid('iterate-daemon').catch(() => before)).not.toBe(before);
    await shows(row('iterate-daemon'), /ready.*restarts1/);
    await shows(connection(), 'Live');

    await page.getByRole('button', { name: 'Remove MODEL_KEY' }).click();
    await page.getByRole('button', { name: 'Really remove?' }).click();
    await shows(page.locator('[aria-labelledby="env-title"]'), 'No keys yet');
    expect(parse(await readFile(envFile))).toEqual({});
    await shows(row('iterate-daemon'), /ready.*restarts2/);
    await shows(connection(), 'Live');
  });

  it('says that the daemon is away while it is, and comes back by itself', async () => {
    await openPage();
    await shows(connection(), 'Live');
    await pidnap.client.processes.stop('iterate-daemon');
    await shows(connection(), /The daemon.*Reconnecting/);
    await shows(page.locator('.summary').first(), /^last known: [12] of 2 ready$/);
    await expect.poll(() => row('opencode').getByRole('button', { name: 'Restart' }).isDisabled()).toBe(true);
    await pidnap.client.processes.start('iterate-daemon');
    await shows(connection(), 'Live');
    // What happened meanwhile is there, once.
    await shows(page.locator('.events'), /iterate-daemon\s*stopped/);
    const ids = await page.locator('.events li').evaluateAll((items) => items.map((item) => item.dataset.id));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(5);
  });
});
