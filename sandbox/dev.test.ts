import { randomBytes } from 'node:crypto';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dockerProvider } from '@iterate/sandbox-docker';
import type { Sandbox } from '@iterate/sandbox-provider';
import { createClient } from 'pidnap/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { copyRepo, type RepoCopy } from './test/repo-copy.js';
import { sandboxCommand } from './test/sandbox-command.js';

const REPO = '/home/iterate/src/github.com/iterate/iterate';
const name = `test-dev-${randomBytes(4).toString('hex')}`;

/** As far as the test reads it. */
interface Event {
  readonly type: string;
  readonly paths?: readonly string[];
  readonly name?: string;
  readonly message?: string;
}

let repo: RepoCopy;
let connection: Awaited<ReturnType<typeof dockerProvider.connect>>;
let dev: ReturnType<typeof startDev>;
let box: Sandbox;

function startDev() {
  const { process, lines } = sandboxCommand(repo.dir).start('dev', '--name', name, '--json');
  const events = lines[Symbol.asyncIterator]();
  return {
    process,
    /** All events up to the first one of these types. */
    async until(...types: string[]): Promise<Event[]> {
      const seen: Event[] = [];
      for (;;) {
        const { value, done } = await events.next();
        if (done) throw new Error(`dev ended: ${JSON.stringify(seen)}`);
        const event = JSON.parse(value) as Event;
        seen.push(event);
        if (types.includes(event.type)) return seen;
      }
    },
  };
}

const edit = async (path: string, change: (text: string) => string): Promise<void> => {
  const file = join(repo.dir, path);
  await writeFile(file, change(await readFile(file, 'utf8')));
};
const pid = async (service: string) =>
  (await createClient({ fetch: box.fetchInside }).processes.get(service)).pid;
const stepsOf = (events: readonly Event[]) => events.flatMap((event) => event.name ?? []);

beforeAll(async () => {
  connection = await dockerProvider.connect({});
  repo = await copyRepo();
  dev = startDev();
  await dev.until('watching');
  for await (const info of connection.list())
    if (info.labels['dev.iterate.sandbox.name'] === name) box = await connection.get(info.id);
}, 1_200_000);

afterAll(async () => {
  dev?.process.kill('SIGKILL');
  await box?.destroy();
  await connection?.[Symbol.asyncDispose]();
  await repo?.[Symbol.asyncDispose]();
});

it('brings a saved source file in, builds it and restarts only its service', async () => {
  const before = { daemon: await pid('iterate-daemon'), opencode: await pid('opencode') };
  const version = `9.9.9-${randomBytes(3).toString('hex')}`;
  await edit('apps/daemon/src/http/health-route.ts', (text) =>
    text.replace(/^(\s+)version,$/m, `$1version: '${version}',`),
  );
  const events = await dev.until('ready', 'failed');
  expect(events[0]).toEqual({ type: 'changed', paths: ['apps/daemon/src/http/health-route.ts'] });
  expect(stepsOf(events)).toEqual(['sync', 'build-daemon', 'restart iterate-daemon', 'ready']);
  expect(events.at(-1)?.type).toBe('ready');
  expect(await pid('opencode')).toBe(before.opencode);
  expect(await pid('iterate-daemon')).not.toBe(before.daemon);
  const health = await box.fetch(3000, '/api/health');
  expect(await health.json()).toMatchObject({ version });
});

it('restarts the proxy for its addon, and nothing for a document', async () => {
  const before = { daemon: await pid('iterate-daemon'), proxy: await pid('egress-proxy') };
  await appendFile(join(repo.dir, 'README.md'), 'more\n');
  expect(stepsOf(await dev.until('ready', 'failed'))).toEqual(['sync']);
  expect((await box.exec(['tail', '-n1', `${REPO}/README.md`])).stdout).toBe('more\n');
  await appendFile(join(repo.dir, 'sandbox/egress-proxy-addon.py'), '# more\n');
  expect(stepsOf(await dev.until('ready', 'failed'))).toEqual(['sync', 'restart egress-proxy', 'ready']);
  expect(await pid('iterate-daemon')).toBe(before.daemon);
  expect(await pid('egress-proxy')).not.toBe(before.proxy);
});

it('tells why a build fails, and goes on with the next save', async () => {
  const before = await pid('iterate-daemon');
  await edit('apps/daemon/src/server.ts', (text) => `const = broken;\n${text}`);
  const failed = await dev.until('ready', 'failed');
  expect(failed.at(-1)).toMatchObject({ type: 'failed', step: 'build-daemon' });
  expect(failed.at(-1)?.message).toContain('server.ts:1');
  expect(await pid('iterate-daemon')).toBe(before);
  await edit('apps/daemon/src/server.ts', (text) => text.replace('const = broken;\n', ''));
  expect((await dev.until('ready', 'failed')).at(-1)?.type).toBe('ready');
  expect(await pid('iterate-daemon')).not.toBe(before);
});

it('has a commit of the host inside', async () => {
  await repo.git(
    '-c',
    'user.name=Test',
    '-c',
    'user.email=t@example.com',
    'commit',
    '--quiet',
    '--all',
    '--message',
    'x',
  );
  expect((await dev.until('ready', 'failed')).at(-1)?.type).toBe('ready');
  const head = await box.exec(['git', 'rev-parse', 'HEAD'], { cwd: REPO });
  expect(head.stdout.trim()).toBe(await repo.git('rev-parse', 'HEAD'));
  const status = await box.exec(['git', 'status', '--short'], { cwd: REPO });
  expect(status.stdout.trim()).toBe(await repo.git('status', '--short'));
});

it('lets pidnap read its configuration again, and restarts the sandbox for pidnap itself', async () => {
  const before = await pid('opencode');
  await appendFile(join(repo.dir, 'sandbox/pidnap.config.ts'), '// more\n');
  expect(stepsOf(await dev.until('ready', 'failed'))).toEqual([
    'sync',
    'check-config',
    'reload pidnap',
    'ready',
  ]);
  expect(await pid('opencode')).toBe(before);
  const { startedAt } = await box.info();
  await appendFile(join(repo.dir, 'libs/pidnap/src/version.ts'), '// more\n');
  const events = await dev.until('ready', 'failed');
  expect(stepsOf(events)).toEqual(['restart the sandbox', 'services']);
  expect(events.at(-1)?.type).toBe('ready');
  expect((await box.info()).startedAt).not.toEqual(startedAt);
  expect((await box.fetch(3000, '/api/health')).status).toBe(200);
});

it('ends on Ctrl-C with the sandbox running', async () => {
  dev.process.kill('SIGINT');
  expect((await dev.process).exitCode).toBe(0);
  expect((await box.info()).state).toBe('running');
});
