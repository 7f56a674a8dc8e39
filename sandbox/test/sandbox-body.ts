import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PidnapEvent } from 'pidnap/client';
import { expect, it } from 'vitest';
import { DAEMON_PORT, OPENCODE_PORT, type SandboxUnderTest } from './sandbox-under-test.js';
import { until } from './until.js';

const SERVICES = ['egress-proxy', 'iterate-daemon', 'opencode'] as const;
const STOPS = 3;

/** What git must say of the repository inside. */
export interface ExpectedRepo {
  readonly head: string;
  /** `git status --porcelain`. */
  readonly status: string;
}

/**
 * The tests that a sandbox passes on every provider.
 *
 * @param subject Called in the tests, once it is up.
 * @param expectedRepo `undefined` where nobody knows what the image was made of.
 */
export function testSandbox(
  subject: () => SandboxUnderTest,
  expectedRepo: () => Promise<ExpectedRepo | undefined>,
): void {
  it('has its three services ready', async () => {
    const { up, pidnap } = subject();
    for (const service of SERVICES) expect(up.services[service]?.state, service).toBe('ready');
    const status = await pidnap.status();
    expect(status.notReady).toEqual([]);
    expect(status.tasks).toEqual({ completed: 2 });
  });

  it.each([
    ['opencode', 'OPENCODE'],
    ['claude', 'CLAUDE_CODE'],
    ['pi', 'PI_CODING_AGENT'],
    ['bun', 'BUN'],
  ])('has %s at the version that the Dockerfile pins', async (program, variable) => {
    const dockerfile = await readFile(join(import.meta.dirname, '../Dockerfile'), 'utf8');
    const pinned = new RegExp(`^ENV SANDBOX_${variable}_VERSION=(.+)$`, 'm').exec(dockerfile)?.[1];
    expect(pinned).toBeDefined();
    const { output } = bound(subject());
    expect((await output(program, '--version')).split(' ')[0]).toBe(pinned);
    expect(await output('printenv', `SANDBOX_${variable}_VERSION`)).toBe(pinned);
  });

  it('runs Node 24 as the user iterate, who cannot become root', async () => {
    const { output } = bound(subject());
    expect(await output('node', '--version')).toMatch(/^v24\./);
    expect(await output('id', '-un')).toBe('iterate');
    expect((await subject().box.exec(['setpriv', '--reuid=0', 'true'])).exitCode).not.toBe(0);
  });

  it('has the repository at the commit it was made of, with the same changes', async () => {
    const { output } = bound(subject());
    const expected = await expectedRepo();
    const head = await output('git', 'rev-parse', 'HEAD');
    expect(head).toMatch(/^[0-9a-f]{40}$/);
    expect((await output('git', 'log', '--oneline', '-1')).length).toBeGreaterThan(0);
    if (expected === undefined) return;
    expect(head).toBe(expected.head);
    expect(await output('git', 'status', '--porcelain')).toBe(expected.status.trim());
  });

  it('prints what the seed promises with pidnap inside', async () => {
    const { output } = bound(subject());
    const { pidnap } = subject();
    expect(await output('pidnap', 'status')).toContain('running');
    const list = await output('pidnap', 'processes', 'list');
    for (const service of SERVICES) expect(list).toContain(service);
    expect(await output('pidnap', 'processes', 'get', 'iterate-daemon')).toContain('ready');
    await output('pidnap', 'processes', 'stop', 'iterate-daemon');
    expect((await pidnap.processes.get('iterate-daemon')).state).toBe('stopped');
    await output('pidnap', 'processes', 'start', 'iterate-daemon');
    await output('pidnap', 'processes', 'restart', 'iterate-daemon');
    await pidnap.waitReady();
  });

  it('writes its logs where the seed says', async () => {
    const { output } = bound(subject());
    const logs = await output('find', '/var/log/pidnap', '-name', '*.log', '-size', '+0', '-printf', '%P\n');
    expect(logs.split('\n').sort()).toEqual(
      expect.arrayContaining([
        'pidnap.log',
        'process/egress-proxy.log',
        'process/iterate-daemon.log',
        'process/opencode.log',
      ]),
    );
    const tasks = await output('ls', '/var/log/pidnap/tasks');
    expect(tasks.split('\n')).toEqual(expect.arrayContaining(['db-migrate.log', 'generate-ca.log']));
  });

  it('answers at its URLs: the daemon, its page, and opencode with its password only', async () => {
    const { up, box } = subject();
    expect(await (await box.fetch(DAEMON_PORT, '/api/health')).json()).toMatchObject({ status: 'ok' });
    // As a browser opens it: by the URL alone.
    expect(await (await fetch(up.urls.daemon)).text()).toContain('<!doctype html>');
    expect((await fetch(up.urls.opencode)).status).toBe(401);
    const health = (headers: Record<string, string>) =>
      box.fetch(OPENCODE_PORT, '/global/health', { headers });
    expect((await health({})).status).toBe(401);
    const { opencodeUsername, opencodePassword } = up.secrets;
    const login = Buffer.from(`${opencodeUsername}:${opencodePassword}`).toString('base64');
    expect(await (await health({ authorization: `Basic ${login}` })).json()).toMatchObject({ healthy: true });
  });

  it('runs commands: outputs apart, exit codes, input, its environment and one of the command', async () => {
    const { box } = subject();
    const script = 'cat; echo "$GREETING $ITERATE_DAEMON_HOST" >&2; exit 7';
    const result = await box.exec(script, { stdin: 'from here', env: { GREETING: "it's" } });
    expect(result).toMatchObject({ exitCode: 7, stdout: 'from here', stderr: "it's 0.0.0.0\n" });
  });

  it('takes and gives files, whole and by the command', async () => {
    const { box, command, name } = subject();
    const bytes = randomBytes(2_000_000);
    await box.fs.write('/tmp/new/bytes', bytes);
    expect(Buffer.from(await box.fs.read('/tmp/new/bytes')).equals(bytes)).toBe(true);
    const dir = await mkdtemp(join(tmpdir(), 'sandbox-files-'));
    try {
      await writeFile(join(dir, 'sent'), bytes);
      await command.run('cp', join(dir, 'sent'), `${name}:/tmp/new/sent`);
      await command.run('cp', `${name}:/tmp/new/sent`, join(dir, 'back'));
      expect((await readFile(join(dir, 'back'))).equals(bytes)).toBe(true);
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('is reused by a second up', async () => {
    const { id, urls, secrets } = subject().up;
    const again = await subject().bringUp();
    expect(again.created).toBe(false);
    expect({ id: again.id, urls: again.urls, secrets: again.secrets }).toEqual({ id, urls, secrets });
  });

  it.each(SERVICES)('brings %s back after kill -9', async (service) => {
    const { pidnap } = subject();
    const before = await pidnap.processes.get(service);
    await subject().output('kill', '-9', String(before.pid));
    await until(`${service} is ready with a new pid`, async () => {
      const now = await pidnap.processes.get(service);
      return now.state === 'ready' && now.pid !== before.pid;
    });
  });

  it('refuses env keys without the token and never tells a value', async () => {
    const { output } = bound(subject());
    expect((await subject().patchEnv({ set: { A: '1' } }, 'wrong')).status).toBe(401);
    const canary = `canary-${randomBytes(8).toString('hex')}`;
    const response = await subject().patchEnv({ set: { CANARY: canary } });
    expect(response.status).toBe(200);
    expect(await response.text()).not.toContain(canary);
    expect(await output('sh', '-c', '. ~/.iterate/.env && echo "$CANARY"')).toBe(canary);
    await sleep(1_500);
    for (const spied of [
      'pidnap processes get opencode',
      'pidnap status --json',
      'cat /var/log/pidnap/pidnap.log',
    ])
      expect(await output('sh', '-c', spied), spied).not.toContain(canary);
  });

  it('restarts opencode 500 ms and the daemon 5 s after a new key, and the egress proxy never', async () => {
    const { pidnap } = subject();
    await until('nothing is about to restart', async () =>
      (await pidnap.processes.list()).every(
        ({ envReloadAt, state }) => envReloadAt === null && state === 'ready',
      ),
    );
    const { cursor } = await pidnap.status();
    const response = await subject().patchEnv({ set: { NEW_KEY: randomBytes(8).toString('hex') } });
    expect(response.status).toBe(200);
    await sleep(7_000);
    const events: PidnapEvent[] = [];
    for await (const event of pidnap.events({ cursor, follow: false })) events.push(event);
    const changedAt = Date.parse(events.find(({ type }) => type === 'env.changed')?.at ?? '');
    const restarted = Object.fromEntries(
      events.flatMap((event) =>
        event.type === 'process.state' && event.reason?.code === 'env-change' && event.to === 'stopping'
          ? [[event.name, Date.parse(event.at) - changedAt]]
          : [],
      ),
    );
    expect(Object.keys(restarted).sort()).toEqual(['iterate-daemon', 'opencode']);
    expect(restarted.opencode).toBeGreaterThanOrEqual(480);
    expect(restarted.opencode).toBeLessThan(2_500);
    expect(restarted['iterate-daemon']).toBeGreaterThanOrEqual(4_950);
    expect(restarted['iterate-daemon']).toBeLessThan(7_000);
    await pidnap.waitReady();
  });

  it(`keeps its files over ${STOPS} stops and starts, and its services come back`, async () => {
    const { box, command, name } = subject();
    for (let round = 0; round < STOPS; round += 1) {
      await box.fs.write(`/home/iterate/kept-${round}`, `round ${round}`);
      await command.run('stop', name);
      expect((await box.info()).state).toBe('stopped');
      await command.run('start', name);
      for (let earlier = 0; earlier <= round; earlier += 1)
        expect(await box.fs.readText(`/home/iterate/kept-${earlier}`)).toBe(`round ${earlier}`);
    }
    const { created, services } = await subject().bringUp();
    expect(created).toBe(false);
    for (const service of SERVICES) expect(services[service]?.state, service).toBe('ready');
  });
}

/** The last test: the sandbox is gone after it. */
export function testRemoval(subject: () => SandboxUnderTest): void {
  it('is gone after rm', async () => {
    const { box, command, connection, name } = subject();
    await command.run('rm', name);
    await expect(connection.get(box.id)).rejects.toMatchObject({ code: 'SandboxNotFound' });
    expect(await command.run('ls', '--json')).not.toContain(name);
    await box.destroy();
  });
}

function bound(subject: SandboxUnderTest): { output: SandboxUnderTest['output'] } {
  return { output: (...argv) => subject.output(...argv) };
}
