import { isSandboxError } from '@iterate/sandbox-provider';
import { createFakeProvider, FakeFileSystem, type FakeProgram } from '@iterate/sandbox-provider/fake';
import { afterEach, describe, expect, it } from 'vitest';
import { SERVICES, type ServiceChange, waitForServices } from './services-ready.js';

type State = string;

/** A pidnap manager that goes through the given steps, told over the `curl` inside as the real one is. */
function scriptedPidnap(
  steps: ReadonlyArray<Readonly<Record<string, State>>>,
  options: { answersAfter?: number; requests?: string[] } = {},
) {
  let calls = 0;
  const json = (value: unknown) =>
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n${JSON.stringify(value)}`;
  const first = steps[0] ?? {};
  const curl: FakeProgram = async ({ argv, stdout, stderr, sleep, signal }) => {
    const url = new URL(argv.at(-1) ?? '');
    calls += 1;
    options.requests?.push(url.pathname + url.search);
    if (calls <= (options.answersAfter ?? 0)) {
      await stderr('curl: (7) Failed to connect\n');
      return 7;
    }
    if (url.pathname === '/v1/status') await stdout(json({ cursor: 7 }));
    if (url.pathname === '/v1/tasks') await stdout(json([{ name: 'db-migrate', state: 'completed' }]));
    if (url.pathname === '/v1/processes')
      await stdout(json(Object.entries(first).map(([name, state]) => ({ name, state }))));
    if (url.pathname === '/v1/events') {
      await stdout('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n');
      let id = 0;
      // From the beginning, or what comes after the states that were read.
      for (const step of steps.slice(url.searchParams.get('cursor') === '0' ? 0 : 1)) {
        for (const [name, to] of Object.entries(step)) {
          id += 1;
          const event = { id, type: 'process.state', name, from: 'starting', to };
          await stdout(`id: ${id}\nevent: process.state\ndata: ${JSON.stringify(event)}\n\n`);
        }
        await sleep(5);
      }
      while (!signal.aborted) await sleep(1_000);
    }
    return 0;
  };
  return curl;
}

const each = (state: State) => Object.fromEntries(SERVICES.map((name) => [name, state]));

describe('waitForServices', () => {
  const disposables: AsyncDisposable[] = [];
  afterEach(async () => {
    for (const disposable of disposables.splice(0).reverse()) await disposable[Symbol.asyncDispose]();
  });

  async function sandboxWith(curl: FakeProgram, command = ['idle']) {
    const files = new FakeFileSystem();
    files.mkdir('/var/log/pidnap/process');
    files.write('/var/log/pidnap/process/opencode.log', Buffer.from('cannot find its config\n'));
    const announce: FakeProgram = async ({ stdout, signal, sleep }) => {
      await stdout('entry: syncing\npidnap | API on http://127.0.0.1:9876\n');
      while (!signal.aborted) await sleep(1_000);
      return 0;
    };
    const talk: FakeProgram = async ({ stdout, sleep }) => {
      await stdout('entry: syncing\n');
      await sleep(50);
      return 3;
    };
    const tail: FakeProgram = async ({ argv, files: inside, stdout }) => {
      await stdout(inside.read(argv.at(-1) ?? ''));
      return 0;
    };
    const fake = createFakeProvider({
      programs: { announce, curl, talk, tail },
      images: { fake: { command, files } },
    });
    const connection = await fake.connect({});
    disposables.push(connection);
    const sandbox = await connection.create({ image: 'fake' });
    disposables.push(sandbox);
    return sandbox;
  }

  it('resolves when every service is ready, having told each step', async () => {
    const changes: ServiceChange[] = [];
    const sandbox = await sandboxWith(
      scriptedPidnap([
        each('starting'),
        { 'egress-proxy': 'ready' },
        { opencode: 'ready', 'iterate-daemon': 'ready' },
      ]),
    );
    await waitForServices(sandbox, {
      timeoutMs: 5_000,
      retryMs: 10,
      onChange: (change) => changes.push(change),
    });
    expect(changes.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'db-migrate completed',
      ...SERVICES.map((name) => `${name} starting`),
      'egress-proxy ready',
      'opencode ready',
      'iterate-daemon ready',
    ]);
  });

  it('waits for pidnap to come up', async () => {
    const sandbox = await sandboxWith(scriptedPidnap([each('ready')], { answersAfter: 2 }));
    await waitForServices(sandbox, { timeoutMs: 5_000, retryMs: 10, onChange: () => undefined });
  });

  it('asks a fresh one once, when its output says that it answers', async () => {
    const requests: string[] = [];
    const changes: string[] = [];
    const sandbox = await sandboxWith(scriptedPidnap([each('starting'), each('ready')], { requests }), [
      'announce',
    ]);
    await waitForServices(sandbox, {
      fresh: true,
      timeoutMs: 5_000,
      retryMs: 60_000,
      onChange: ({ name, state }) => changes.push(`${name} ${state}`),
    });
    expect(requests).toEqual(['/v1/events?cursor=0&until=ready']);
    expect(changes).toEqual([
      ...SERVICES.map((name) => `${name} starting`),
      ...SERVICES.map((name) => `${name} ready`),
    ]);
  });

  it('gives up as soon as a service cannot become ready, with the end of its log', async () => {
    const sandbox = await sandboxWith(scriptedPidnap([each('starting'), { opencode: 'crash-loop' }]));
    const failure = waitForServices(sandbox, { timeoutMs: 60_000, retryMs: 10, onChange: () => undefined });
    await expect(failure).rejects.toMatchObject({
      code: 'NotReady',
      message: expect.stringMatching(/opencode is crash-loop[\s\S]*cannot find its config/),
      details: { services: { opencode: 'crash-loop' }, logs: ['cannot find its config'] },
    });
  });

  it('gives up at the deadline and names what is not ready', async () => {
    const sandbox = await sandboxWith(scriptedPidnap([{ ...each('ready'), opencode: 'running' }]));
    await expect(
      waitForServices(sandbox, { timeoutMs: 200, retryMs: 10, onChange: () => undefined }),
    ).rejects.toMatchObject({
      code: 'NotReady',
      message: expect.stringContaining('opencode is running'),
    });
  });

  it('is not content with some services when another is not known yet', async () => {
    const sandbox = await sandboxWith(scriptedPidnap([{ opencode: 'ready' }]));
    await expect(
      waitForServices(sandbox, { timeoutMs: 200, retryMs: 10, onChange: () => undefined }),
    ).rejects.toMatchObject({
      code: 'NotReady',
    });
  });

  it('gives up when the container ends before pidnap is up, with what it printed', async () => {
    const printed: string[] = [];
    const sandbox = await sandboxWith(scriptedPidnap([], { answersAfter: 1_000 }), ['talk']);
    const failure = waitForServices(sandbox, {
      timeoutMs: 60_000,
      onChange: () => undefined,
      onLog: (line) => printed.push(line),
    });
    await expect(failure).rejects.toMatchObject({
      code: 'NotReady',
      message: expect.stringMatching(/exit code 3[\s\S]*entry: syncing/),
    });
    expect(printed).toEqual(['entry: syncing']);
  });

  it('is aborted at once by its signal', async () => {
    const controller = new AbortController();
    const sandbox = await sandboxWith(scriptedPidnap([each('starting')]));
    const failure = waitForServices(sandbox, {
      timeoutMs: 60_000,
      retryMs: 10,
      signal: controller.signal,
      onChange: () => controller.abort(),
    }).catch((error: unknown) => error);
    expect(isSandboxError(await failure, 'Aborted')).toBe(true);
  });
});
