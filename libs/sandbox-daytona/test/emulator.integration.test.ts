import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Configuration, SnapshotsApi } from '@daytona/api-client';
import { Daytona, Image, type Sandbox } from '@daytonaio/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DaytonaService, startService } from './daytona-service.js';
import { importMachineImage, type MachineImage } from './machine-image.js';

// The genuine SDK, as its users call it. A minute lasts 300 ms, and a passing state longer than the SDK's poll.
let service: DaytonaService;
let machine: MachineImage;
let daytona: Daytona;
let sandbox: Sandbox;
const snapshot = `sdk--${randomUUID().slice(0, 8)}`;
const states: string[] = [];

beforeAll(async () => {
  machine = await importMachineImage();
  service = await startService('--step-ms', '1200', '--minute-ms', '300');
  daytona = new Daytona({
    apiUrl: service.apiUrl,
    apiKey: service.apiKey,
    target: 'us',
    useDeprecatedPolling: true,
  });
  await daytona.snapshot.create(
    {
      name: snapshot,
      image: machine.reference,
      entrypoint: ['/bin/sh', '-c', 'echo up; echo down >&2; sleep 1000'],
    },
    { onLogs: (line) => states.push(line) },
  );
  sandbox = await daytona.create({
    snapshot,
    envVars: { GREETING: "it's" },
    labels: { of: 'sdk' },
    autoStopInterval: 0,
  });
});

afterAll(async () => {
  await sandbox.delete(60, true);
  await daytona.snapshot.delete(await daytona.snapshot.get(snapshot));
  await daytona[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
  await machine[Symbol.asyncDispose]();
});

describe('snapshots', () => {
  it('walk through their states', () => {
    const words = states.map((line) => /\((\w+)\)$/.exec(line)?.[1]);
    expect(words).toEqual(['pending', 'pulling', 'active']);
  });

  it('are built from a Dockerfile whose context goes up in parts, with the log live', async () => {
    const context = await mkdtemp(join(tmpdir(), 'context-'));
    const name = `built--${randomUUID().slice(0, 8)}`;
    const log: string[] = [];
    try {
      // The SDK sends more than 5 MB as a multipart upload.
      await writeFile(join(context, 'large.bin'), randomBytes(12_000_000));
      await writeFile(
        join(context, 'Dockerfile'),
        `FROM ${machine.reference}\nCOPY large.bin /large.bin\nRUN stat -c 'size is %s' /large.bin\n`,
      );
      const image = Image.fromDockerfile(join(context, 'Dockerfile'));
      const { state } = await daytona.snapshot.create(
        { name, image },
        { onLogs: (chunk) => log.push(chunk) },
      );
      expect(state).toBe('active');
      expect(log.join('\n')).toContain('size is 12000000');
    } finally {
      await daytona.snapshot.delete(await daytona.snapshot.get(name));
      await rm(context, { recursive: true });
    }
  });

  it('that fail to build say why', async () => {
    const name = `failing--${randomUUID().slice(0, 8)}`;
    const image = Image.base(machine.reference).runCommands('echo before; exit 9');
    await expect(daytona.snapshot.create({ name, image })).rejects.toThrow(/returned a non-zero code: 9/);
    expect((await daytona.snapshot.get(name)).state).toBe('build_failed');
    await daytona.snapshot.delete(await daytona.snapshot.get(name));
  });

  it('are refused with a moving tag, no tag, a bad name or a name in use', async () => {
    const create = (name: string, image: string) => daytona.snapshot.create({ name, image });
    await expect(create('a', 'debian:latest')).rejects.toMatchObject({ statusCode: 400 });
    await expect(create('a', 'debian')).rejects.toMatchObject({ statusCode: 400 });
    await expect(create('a b', 'debian:12')).rejects.toMatchObject({ statusCode: 400 });
    await expect(create(snapshot, 'debian:12')).rejects.toMatchObject({ statusCode: 409 });
  });

  it('rest and wake', async () => {
    const api = new SnapshotsApi(
      new Configuration({
        basePath: service.apiUrl,
        baseOptions: { headers: { Authorization: `Bearer ${service.apiKey}` } },
      }),
    );
    const { id } = await daytona.snapshot.get(snapshot);
    await api.deactivateSnapshot(id);
    await expect(daytona.create({ snapshot })).rejects.toMatchObject({ statusCode: 400 });
    expect((await daytona.snapshot.activate(snapshot)).state).toBe('pending');
    await expect(daytona.snapshot.activate(snapshot)).rejects.toMatchObject({ statusCode: 400 });
    while ((await daytona.snapshot.get(snapshot)).state !== 'active') await sleep(100);
  });
});

describe('sandboxes', () => {
  it('run a command with their environment; both outputs are one', async () => {
    const { exitCode, result } = await sandbox.process.executeCommand(
      'echo "$GREETING"; echo err >&2; exit 3',
    );
    expect({ exitCode, result }).toEqual({ exitCode: 3, result: "it's\nerr\n" });
  });

  it('keep a shell per session, with logs apart, live, and as text', async () => {
    await sandbox.process.createSession('s');
    const first = await sandbox.process.executeSessionCommand('s', {
      command: 'cd /etc; X=5; printf "a\\0b"; echo e >&2',
    });
    expect(first).toMatchObject({ exitCode: 0, stdout: 'ab\n', stderr: 'e\n' });
    const { cmdId } = await sandbox.process.executeSessionCommand('s', {
      command: 'pwd; read line; echo "$X $line"; sh -c "exit 7"',
      runAsync: true,
      suppressInputEcho: true,
    });
    await sandbox.process.sendSessionCommandInput('s', cmdId, 'typed\n');
    let out = '';
    await sandbox.process.getSessionCommandLogs(
      's',
      cmdId,
      (chunk) => {
        out += chunk;
      },
      () => undefined,
    );
    expect(out).toBe('/etc\n5 typed\n');
    expect((await sandbox.process.getSessionCommand('s', cmdId)).exitCode).toBe(7);
    await sandbox.process.deleteSession('s');
    await expect(sandbox.process.getSession('s')).rejects.toMatchObject({ statusCode: 404 });
  });

  it('keep what the entrypoint prints', async () => {
    expect(await sandbox.process.getEntrypointLogs()).toMatchObject({ stdout: 'up\n', stderr: 'down\n' });
  });

  it('give a terminal', async () => {
    let screen = '';
    const pty = await sandbox.process.createPty({
      id: 'p',
      cols: 100,
      rows: 30,
      envs: { FROM: 'pty' },
      onData: (data) => {
        screen += Buffer.from(data).toString();
      },
    });
    await pty.resize(90, 25);
    await pty.sendInput('stty size; echo "$FROM"; exit 5\n');
    expect((await pty.wait()).exitCode).toBe(5);
    expect(screen).toMatch(/25 90\r\npty\r\n/);
  });

  it('take and give files of any bytes', async () => {
    const content = randomBytes(3_000_000);
    await sandbox.fs.uploadFile(content, '/tmp/new/dir/file.bin');
    expect((await sandbox.fs.downloadFile('/tmp/new/dir/file.bin')).equals(content)).toBe(true);
    expect(await sandbox.fs.listFiles('/tmp/new/dir')).toMatchObject([
      { name: 'file.bin', size: 3_000_000, isDir: false },
    ]);
    await expect(sandbox.fs.downloadFile('/nope')).rejects.toMatchObject({ statusCode: 404 });
  });

  it('show a port to those with the token, or a signed URL for its time', async () => {
    await sandbox.process.createSession('web');
    const server = `require('http').createServer((q, r) => r.end(q.url + ' ' + (q.headers['x-daytona-preview-token'] ?? 'no token'))).listen(8123)`;
    await sandbox.process.executeSessionCommand('web', {
      command: `${process.execPath} -e "${server}"`,
      runAsync: true,
    });
    const { url, token } = await sandbox.getPreviewLink(8123);
    const headers = { 'x-daytona-preview-token': token };
    while ((await fetch(url, { headers })).status === 502) await sleep(50);
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { 'x-daytona-preview-token': 'wrong' } })).status).toBe(401);
    const answer = await fetch(`${url}/path?a=b`, { headers });
    expect(await answer.text()).toBe('/path?a=b no token');
    const signed = await sandbox.getSignedPreviewUrl(8123, 60);
    expect(await (await fetch(signed.url)).text()).toBe('/ no token');
    await sandbox.expireSignedPreviewUrl(8123, signed.token);
    expect((await fetch(signed.url)).status).toBe(401);
    const short = await sandbox.getSignedPreviewUrl(8123, 0);
    expect((await fetch(short.url)).status).toBe(401);
  });

  it('are found by label', async () => {
    const ids: string[] = [];
    for await (const { id } of daytona.list({ labels: { of: 'sdk' } })) ids.push(id);
    expect(ids).toEqual([sandbox.id]);
  });

  it('stop by themselves when idle, and are deleted after that', async () => {
    const idle = await daytona.create({ snapshot, autoStopInterval: 1, autoDeleteInterval: 8 });
    await idle.waitUntilStopped(30);
    expect(idle.state).toBe('stopped');
    for (;;) {
      try {
        await idle.refreshData();
      } catch (error) {
        expect(error).toMatchObject({ statusCode: 404 });
        return;
      }
      await sleep(100);
    }
  });

  it('keep their files over stop and start', async () => {
    await sandbox.process.executeCommand('echo kept > /tmp/kept');
    await sandbox.stop();
    await expect(sandbox.process.executeCommand('true')).rejects.toMatchObject({ statusCode: 400 });
    await sandbox.start();
    expect((await sandbox.process.executeCommand('cat /tmp/kept')).result).toBe('kept\n');
  });
});

it('a wrong key is refused', async () => {
  const stranger = new Daytona({
    apiUrl: service.apiUrl,
    apiKey: 'wrong',
    target: 'us',
    useDeprecatedPolling: true,
  });
  await expect(stranger.get(sandbox.id)).rejects.toMatchObject({ statusCode: 401 });
});
