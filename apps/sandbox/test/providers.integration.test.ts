import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SpawnedEmulator, spawnEmulator } from '@iterate/daytona-emulator';
import { daytonaProvider, ensureStageSnapshot } from '@iterate/sandbox-daytona';
import { dockerProvider } from '@iterate/sandbox-docker';
import type { Sandbox } from '@iterate/sandbox-provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxConnection } from '../src/connect-provider.js';
import type { ProviderName } from '../src/provider-name.js';
import { LABELS } from '../src/sandbox-labels.js';
import { sandboxCommand } from './sandbox-command.js';

/** Made by "npm run up"; it has the programs that the drivers need inside. */
const IMAGE = 'iterate-sandbox-base:local';
const PORT = 8123;
const SERVE = `require('http').createServer((q, r) => r.end('served')).listen(${PORT})`;

let emulator: SpawnedEmulator;
let dir: string;
let snapshot: string;
let command: ReturnType<typeof sandboxCommand>;

beforeAll(async () => {
  emulator = await spawnEmulator('--step-ms', '50');
  dir = await mkdtemp(join(tmpdir(), 'sandbox-providers-'));
  const { DAYTONA_API_URL: apiUrl, DAYTONA_API_KEY: apiKey } = emulator.env;
  const stage = { stage: 'dev-cli', image: IMAGE, entrypoint: ['sh', '-c', 'echo started; exec sleep 3600'] };
  snapshot = (await ensureStageSnapshot({ apiUrl, apiKey }, stage)).name;
  command = sandboxCommand({ cwd: dir, env: { ...emulator.env, XDG_DATA_HOME: join(dir, 'data') } });
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

function connect(provider: ProviderName): Promise<SandboxConnection> {
  if (provider === 'docker') return dockerProvider.connect({});
  return daytonaProvider.connect({
    apiUrl: emulator.env.DAYTONA_API_URL,
    apiKey: emulator.env.DAYTONA_API_KEY,
  });
}

describe.each<ProviderName>(['docker', 'daytona'])('on %s', (provider) => {
  const name = `cli-${provider}-${randomBytes(4).toString('hex')}`;
  let connection: SandboxConnection;
  let box: Sandbox;

  beforeAll(async () => {
    connection = await connect(provider);
    box = await connection.create({
      image: provider === 'docker' ? IMAGE : snapshot,
      name,
      labels: { [LABELS.name]: name, [LABELS.repoDir]: '/some/repo', purpose: 'test' },
      ports: [PORT],
      ttlMs: 3_600_000,
      ...(provider === 'docker' ? { command: ['sh', '-c', 'echo started; exec sleep 3600'] } : {}),
    });
  });

  afterAll(async () => {
    await box?.destroy();
    await connection?.[Symbol.asyncDispose]();
  });

  const run = (...args: string[]) => command([...args, '--provider', provider]);
  const exec = (argv: string[], input?: string) =>
    command(['exec', '--provider', provider, name, '--', ...argv], input);

  it('lists it with provider, state, age and labels', async () => {
    const outcome = await run('ls');
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    const line = outcome.stdout.split('\n').find((text) => text.startsWith(name));
    expect(line).toMatch(
      new RegExp(`^${name} +${provider} +running +\\d+[sm] +\\d+m .*repo=/some/repo purpose=test$`),
    );
    const [row] = JSON.parse((await run('ls', '--json')).stdout).filter(
      (item: { id: string }) => item.id === box.id,
    );
    expect(row).toMatchObject({ name, provider, state: 'running', labels: { purpose: 'test' } });
    expect(row.urls[PORT]).toMatch(/^http:/);
  });

  it('runs a command: both outputs, the exit code, and all of its input', async () => {
    expect(await exec(['sh', '-c', 'echo out; echo err >&2; exit 7'])).toEqual({
      exitCode: 7,
      stdout: 'out',
      stderr: 'err',
    });
    const input = 'a line of input\n'.repeat(20_000);
    expect((await exec(['wc', '-c'], input)).stdout).toBe(String(input.length));
    expect((await exec(['head', '-n', '1'], input)).stdout).toBe('a line of input');
    expect((await exec(['no-such-program'])).exitCode).toBe(125);
  });

  it('copies files and directories there and back', async () => {
    const local = join(dir, `local-${provider}`);
    await mkdir(join(local, 'deep'), { recursive: true });
    const bytes = randomBytes(300_000);
    await writeFile(join(local, 'deep', 'data.bin'), bytes);
    expect(await run('cp', local, `${name}:/tmp/there`)).toMatchObject({ exitCode: 0, stderr: '' });
    await run('cp', `${name}:/tmp/there/deep/data.bin`, join(dir, `back-${provider}`));
    expect((await readFile(join(dir, `back-${provider}`))).equals(bytes)).toBe(true);
    const missing = await run('cp', `${name}:/tmp/missing`, dir);
    expect(missing).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('/tmp/missing') });
  });

  it('says where a port is, with all that a request needs, and opens it', async () => {
    const server = await box.spawn(['node', '-e', SERVE]);
    await box.waitFor({ port: PORT });
    const { url, headers } = JSON.parse((await run('port', name, '--json')).stdout)[PORT];
    expect(await (await fetch(url, { headers })).text()).toBe('served');
    expect((await run('port', name)).stdout).toContain(`${PORT}\t${url}`);
    const page = (await run('open', name, '--port', String(PORT), '--print')).stdout;
    expect(await (await fetch(page)).text()).toBe('served');
    await server.kill('SIGKILL');
  });

  it('prints what the main process printed', async () => {
    expect((await run('logs', '--name', name)).stdout).toBe('started');
  });

  it('moves the expiry', async () => {
    expect(await run('extend', '3h', name)).toMatchObject({ exitCode: 0 });
    const left = ((await box.info()).expiresAt?.getTime() ?? 0) - Date.now();
    expect(left).toBeGreaterThan(2.9 * 3_600_000);
  });

  it('pauses and measures, or says that the provider cannot', async () => {
    const { pause, stats } = connection.capabilities;
    for (const [verb, can] of Object.entries({ pause, resume: pause, stats })) {
      const outcome = await run(verb, name);
      if (can) expect(outcome, verb).toMatchObject({ exitCode: 0 });
      else
        expect(outcome, verb).toMatchObject({
          exitCode: 1,
          stdout: '',
          stderr: expect.stringMatching(
            `^error: The provider ${provider} has no "${verb === 'stats' ? 'stats' : 'pause'}"`,
          ),
        });
    }
  });

  it('keeps files over stop and start', async () => {
    await exec(['sh', '-c', 'echo kept > /tmp/kept']);
    expect(await run('stop', '--timeout', '1', name)).toMatchObject({ exitCode: 0 });
    expect((await box.info()).state).toBe('stopped');
    expect((await exec(['true'])).exitCode).toBe(125);
    expect(await run('start', name)).toMatchObject({ exitCode: 0 });
    expect((await exec(['cat', '/tmp/kept'])).stdout).toBe('kept');
  });

  it('removes it', async () => {
    expect(await run('rm', name)).toMatchObject({ exitCode: 0, stderr: `Removed ${name}.` });
    await expect(connection.get(box.id)).rejects.toMatchObject({ code: 'SandboxNotFound' });
    expect(await run('port', name)).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining(`There is no sandbox "${name}" on ${provider}`),
    });
  });
});

describe('ls', () => {
  it('lists all providers, and one that does not answer is a warning and an exit code', async () => {
    await using connection = await connect('daytona');
    await using box = await connection.create({
      image: snapshot,
      name: `far-${randomBytes(4).toString('hex')}`,
    });
    const { name } = await box.info();
    const noEngine = sandboxCommand({
      cwd: dir,
      env: { ...emulator.env, XDG_DATA_HOME: join(dir, 'data'), DOCKER_HOST: 'tcp://127.0.0.1:1' },
    });
    const outcome = await noEngine(['ls', '--json']);
    expect(outcome.exitCode).toBe(1);
    expect(JSON.parse(outcome.stdout).map((row: { name: string }) => row.name)).toEqual([name]);
    expect(outcome.stderr).toMatch(
      /^warning: the sandboxes on docker are not listed: No Docker engine answers/,
    );
    expect(await noEngine(['ls', '--provider', 'daytona'])).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await noEngine(['ls', '--provider', 'docker'])).exitCode).toBe(4);
  });

  it('with a wrong or no key names the variable and the emulator', async () => {
    const without = sandboxCommand({ cwd: dir, env: { XDG_DATA_HOME: dir, DAYTONA_API_KEY: '' } });
    expect(await without(['--provider', 'daytona', 'exec', 'x', '--', 'true'])).toMatchObject({
      exitCode: 125,
      stderr: expect.stringMatching(/DAYTONA_API_KEY.*pnpm daytona:emulator/),
    });
    const wrong = sandboxCommand({
      cwd: dir,
      env: { ...emulator.env, XDG_DATA_HOME: dir, DAYTONA_API_KEY: 'no' },
    });
    expect(await wrong(['ls', '--provider', 'daytona'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Check DAYTONA_API_KEY'),
    });
  });
});

describe('rm --all on a provider that others share', () => {
  it('removes only what this user made from this machine', async () => {
    const { sandboxOwner } = await import('../src/repo-identity.js');
    await using connection = await connect('daytona');
    const make = (owner: string) => connection.create({ image: snapshot, labels: { [LABELS.owner]: owner } });
    const mine = await make(sandboxOwner('daytona'));
    await using other = await make('somebody@elsewhere');
    expect(await command(['rm', '--all', '--provider', 'daytona'])).toMatchObject({ exitCode: 0 });
    await expect(connection.get(mine.id)).rejects.toMatchObject({ code: 'SandboxNotFound' });
    expect((await other.info()).state).toBe('running');
  });
});
