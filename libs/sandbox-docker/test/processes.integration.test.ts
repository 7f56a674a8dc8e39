import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dockerProvider } from '../src/docker-provider.js';
import { hasCurl } from './machine-image.js';
import { image } from './test-image.js';

const PIDNAP = join(dirname(fileURLToPath(import.meta.resolve('pidnap/package.json'))), 'dist');
const CONFIG = {
  logDir: '/tmp/logs',
  tasks: { prepare: { command: ['cat', '/etc/passwd'] } },
  processes: { web: { command: 'echo serving; exec sleep 600', dependsOn: ['prepare'] } },
};
const connection = await dockerProvider.connect({});
afterAll(() => connection[Symbol.asyncDispose]());

let sandbox: Awaited<ReturnType<typeof connection.create>>;
const manager = new AbortController();
beforeAll(async () => {
  sandbox = await connection.create({
    image,
    command: ['sleep', '600'],
    provider: { docker: { init: true } },
  });
  await sandbox.fs.upload(PIDNAP, '/tmp/pidnap');
  await sandbox.fs.write('/tmp/pidnap.config.json', JSON.stringify(CONFIG));
});
afterAll(() => sandbox.destroy());

it.skipIf(!hasCurl)(
  'what pidnap supervises inside is seen and steered from here, with no port published',
  async () => {
    await expect(sandbox.processes.list()).rejects.toMatchObject({ code: 'NoSupervisor' });
    const init = ['node', '/tmp/pidnap/cli.js', 'init', '--config', '/tmp/pidnap.config.json'];
    const running = sandbox.exec(init, { signal: manager.signal }).catch((error: unknown) => error);
    await sandbox.processes.wait();
    const [before] = await sandbox.processes.list();
    expect(before).toMatchObject({ name: 'web', state: 'ready', restarts: 0 });
    expect((await sandbox.processes.restart('web')).restarts).toBe(1);
    await sandbox.processes.wait(['web']);
    expect((await sandbox.processes.get('web')).pid).not.toBe(before?.pid);
    const lines: string[] = [];
    for await (const { text } of sandbox.processes.logs('web', { follow: true }))
      if (lines.push(text) === 2) break;
    expect(lines).toEqual(['serving', 'serving']);
    expect((await sandbox.processes.stop('web')).state).toBe('stopped');
    await sandbox.processes.start('web');
    await expect(sandbox.processes.get('db')).rejects.toMatchObject({ code: 'ProcessNotFound' });
    manager.abort();
    expect(await running).toMatchObject({ code: 'Aborted' });
    await expect(sandbox.processes.list()).rejects.toMatchObject({ code: 'NoSupervisor' });
  },
);

it.skipIf(!hasCurl)('in a sandbox that does not run is NotRunning', async () => {
  await sandbox.stop({ timeoutMs: 1_000 });
  await expect(sandbox.processes.wait()).rejects.toMatchObject({ code: 'NotRunning' });
});
