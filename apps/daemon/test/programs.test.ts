import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBuiltProgram } from './built-program.js';
import { readEvents } from './read-events.js';
import { token, tokenSha256, unusedPort } from './test-daemon.js';

let directory: string;
let env: Record<string, string>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'daemon-programs-'));
  env = {
    HOME: directory,
    ITERATE_DAEMON_PORT: '0',
    ITERATE_DAEMON_TOKEN_SHA256: tokenSha256,
    PIDNAP_URL: `http://127.0.0.1:${await unusedPort()}`,
  };
});

afterEach(() => rm(directory, { recursive: true, force: true }));

describe('dist/migrate.js', () => {
  it('makes the database, also when two run at the same time', async () => {
    const both = [startBuiltProgram('migrate', env), startBuiltProgram('migrate', env)];
    expect(await Promise.all(both.map(({ ended }) => ended))).toEqual([0, 0]);
    const output = both.map((program) => program.output()).join('');
    expect(output.match(/msg="migration applied" migration=0001/g)).toHaveLength(1);
    expect(output.match(/msg="the database is current"/g)).toHaveLength(2);
  });

  it('ends with 1 and a reason when it cannot', async () => {
    const program = startBuiltProgram('migrate', { ...env, ITERATE_DAEMON_DB: directory });
    expect(await program.ended).toBe(1);
    expect(program.output()).toContain('code=database-unavailable');
  });
});

describe('dist/server.js', () => {
  it('serves its page and health, and ends with 0 on SIGTERM, open streams included', async () => {
    expect(await startBuiltProgram('migrate', env).ended).toBe(0);
    const program = startBuiltProgram('server', env);
    await expect.poll(program.output).toContain('msg=listening');
    const url = /url=(\S+)/.exec(program.output())?.[1] ?? '';
    expect((await fetch(`${url}/api/health`)).status).toBe(200);
    const page = await fetch(url);
    expect([page.status, page.headers.get('cache-control')]).toEqual([200, 'no-cache']);
    const html = await page.text();
    const script = await fetch(url + (/src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? ''));
    expect([script.status, script.headers.get('cache-control')]).toEqual([
      200,
      'public, max-age=31536000, immutable',
    ]);
    const events = readEvents(
      await fetch(`${url}/api/services/events`, { headers: { authorization: `Bearer ${token}` } }),
    );
    await events.next();
    // The lock of the env file has signal handlers of its own, loaded with the first write.
    const written = await fetch(`${url}/api/env`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ set: { A: '1' } }),
    });
    expect(written.status).toBe(200);
    program.child.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    expect(program.output()).toContain('msg=stopping signal=SIGTERM');
    expect(program.output()).not.toContain(token);
  });

  it('ends with 1 and says which port is taken', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = String(address !== null && typeof address === 'object' ? address.port : 0);
    const program = startBuiltProgram('server', { ...env, ITERATE_DAEMON_PORT: port });
    expect(await program.ended).toBe(1);
    expect(program.output()).toContain(`Port ${port} on 127.0.0.1 is taken`);
    taken.close();
  });

  it('ends with 1 and every finding when its settings are wrong', async () => {
    const program = startBuiltProgram('server', { ...env, ITERATE_DAEMON_PORT: 'x', PIDNAP_URL: 'y' });
    expect(await program.ended).toBe(1);
    expect(program.output()).toMatch(/ITERATE_DAEMON_PORT: expected a port number; PIDNAP_URL: expected/);
  });
});
