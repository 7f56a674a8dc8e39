import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PidnapConfig, startManager } from 'pidnap';
import { describe, expect, it } from 'vitest';
import { Here } from '../test/spawn-here.js';
import type { SandboxInfo } from './driver.js';
import { SandboxError } from './sandbox-error.js';
import { SandboxProcesses } from './sandbox-processes.js';

const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** The processes of a sandbox that is this machine. */
function processesAt(address: string, state: SandboxInfo['state'] = 'running') {
  const here = new Here();
  const sandbox = {
    id: 'here',
    spawn: here.spawn.bind(here),
    info: async () => ({ id: 'here', state }) as SandboxInfo,
  };
  return { here, processes: new SandboxProcesses(sandbox, address) };
}

/** A real manager, and the processes as seen through requests made by curl. */
async function supervised(config: PidnapConfig, port = 0) {
  const dir = await mkdtemp(join(tmpdir(), 'processes-'));
  const manager = await startManager({
    config: { logDir: join(dir, 'logs'), http: { port }, ...config },
    baseDir: dir,
  });
  return {
    ...processesAt(manager.address ?? ''),
    manager,
    async [Symbol.asyncDispose]() {
      await manager.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

const web = { command: 'echo serving; exec sleep 1000' };

describe.skipIf(!hasCurl)('SandboxProcesses', () => {
  it('lists, looks up, restarts, stops and starts what is supervised', async () => {
    await using test = await supervised({ processes: { web, other: { command: 'exec sleep 1000' } } });
    const { processes } = test;
    await processes.wait();
    expect((await processes.list()).map(({ name, state }) => [name, state])).toEqual([
      ['web', 'ready'],
      ['other', 'ready'],
    ]);
    const before = await processes.get('web');
    expect(before.env.PATH).toBe('***');
    expect((await processes.restart('web')).restarts).toBe(1);
    await processes.wait(['web']);
    const { pid } = await processes.get('web');
    expect(pid).not.toBe(before.pid);
    expect(await processes.stop('web')).toMatchObject({ state: 'stopped', desired: 'stopped' });
    await processes.start('web');
    await processes.wait(['web']);
    expect((await processes.get('other')).restarts).toBe(0);
  });

  it('reads a log, and follows it until the signal fires', async () => {
    await using test = await supervised({ processes: { web } });
    await test.processes.wait();
    const once: string[] = [];
    await expect
      .poll(async () => {
        once.length = 0;
        for await (const { text } of test.processes.logs('web')) once.push(text);
        return once;
      })
      .toEqual(['serving']);
    const controller = new AbortController();
    const followed: string[] = [];
    for await (const { text } of test.processes.logs('web', { follow: true, signal: controller.signal })) {
      followed.push(text);
      if (followed.length === 1) await test.processes.restart('web');
      else controller.abort();
    }
    expect(followed).toEqual(['serving', 'serving']);
    for await (const _ of test.processes.logs('web', { follow: true })) break;
    // No request inside outlives its reader.
    await expect.poll(() => test.here.started - test.here.ended).toBe(0);
  });

  it('waits for tasks, for what depends on them, and with few requests', async () => {
    await using test = await supervised({
      tasks: { prepare: { command: 'sleep 0.7' } },
      processes: { web: { ...web, dependsOn: ['prepare'] }, idle: { ...web, autoStart: false } },
    });
    await test.processes.wait();
    expect(test.here.started).toBeLessThan(10);
    expect((await test.processes.get('web')).state).toBe('ready');
  });

  it('waits for a manager that has not started yet', async () => {
    const port = await freePort();
    const { processes } = processesAt(`http://127.0.0.1:${port}`);
    const waiting = processes.wait([], { retryMs: 20 });
    await expect(processes.list()).rejects.toMatchObject({ code: 'NoSupervisor', details: { id: 'here' } });
    await using _ = await supervised({ processes: { web } }, port);
    await waiting;
  });

  it('says at once that a process does not become ready by itself', async () => {
    await using test = await supervised({ processes: { web: { command: 'exit 3', restart: 'never' } } });
    await expect(test.processes.wait()).rejects.toMatchObject({
      code: 'ProcessFailed',
      details: { process: 'web', state: 'failed' },
    });
  });

  it('gives up after the time, naming what is not ready, and when it is aborted', async () => {
    await using test = await supervised({
      processes: { web: { ...web, probes: { readiness: { exec: ['false'], interval: 100 } } } },
    });
    await expect(test.processes.wait([], { timeoutMs: 400 })).rejects.toMatchObject({
      code: 'Timeout',
      message: expect.stringContaining('web is running'),
      details: { timeoutMs: 400 },
    });
    await expect(test.processes.wait([], { signal: AbortSignal.timeout(300) })).rejects.toMatchObject({
      code: 'Aborted',
    });
    await expect.poll(() => test.here.started - test.here.ended).toBe(0);
  });

  it('knows an unknown name, a sandbox that does not run, and one without a manager', async () => {
    await using test = await supervised({ processes: { web } });
    const missing = { code: 'ProcessNotFound', details: { process: 'db' } };
    await expect(test.processes.get('db')).rejects.toMatchObject(missing);
    await expect(test.processes.restart('db')).rejects.toMatchObject(missing);
    await expect(test.processes.wait(['web', 'db'])).rejects.toMatchObject(missing);
    const logs = test.processes.logs('db');
    await expect(logs.next()).rejects.toMatchObject(missing);

    const nowhere = `http://127.0.0.1:${await freePort()}`;
    await expect(processesAt(nowhere).processes.list()).rejects.toMatchObject({
      code: 'NoSupervisor',
      details: { address: nowhere },
    });
    await expect(processesAt(nowhere, 'stopped').processes.wait()).rejects.toMatchObject({
      code: 'NotRunning',
    });
  });

  it('passes on what the sandbox says: without curl it cannot be asked', async () => {
    const argv = ['curl'];
    const missing = new SandboxError('CommandNotFound', 'no curl', { argv });
    const processes = new SandboxProcesses({
      id: 'bare',
      spawn: () => Promise.reject(missing),
      info: async () => ({ state: 'running' }) as SandboxInfo,
    });
    await expect(processes.list()).rejects.toBe(missing);
    await expect(processes.wait()).rejects.toBe(missing);
  });

  it('lets nobody in without the token of the manager', async () => {
    await using test = await supervised({
      processes: { web },
      http: { port: 0, token: 'a-long-secret-token' },
    });
    await expect(test.processes.list()).rejects.toMatchObject({ code: 'NoSupervisor' });
    await expect(test.processes.wait()).rejects.toMatchObject({ code: 'NoSupervisor' });
  });
});
