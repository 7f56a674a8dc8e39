import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DockerExtraInput } from '@iterate/sandbox-docker';
import { SandboxError, type SandboxInfo } from '@iterate/sandbox-provider';
import { createFakeProvider } from '@iterate/sandbox-provider/fake';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliError } from './cli-error.js';
import { PendingCreations } from './pending-creations.js';
import { placeOnDocker } from './place/place-on-docker.js';
import type { RepoIdentity } from './repo-identity.js';
import { LABELS } from './sandbox-labels.js';
import { SecretStore, tokenDigest } from './sandbox-secrets.js';
import {
  type UpConnection,
  type UpEnvironment,
  type UpEvent,
  type UpImage,
  type UpOptions,
  up,
} from './up.js';

const repo: RepoIdentity = {
  root: '/repo',
  commonDir: undefined,
  hash: 'a'.repeat(16),
  defaultName: 'repo-aaaa',
};
const image: UpImage = {
  reference: 'fake',
  key: 'key-1',
  tree: 'tree-1',
  built: true,
  result: {
    key: 'key-1',
    imageId: 'fake',
    tags: [],
    platform: 'linux/amd64',
    tree: 'tree-1',
    commit: 'c'.repeat(40),
    dirty: false,
    built: true,
  },
};

describe('up', () => {
  let dir: string;
  let connection: Awaited<ReturnType<ReturnType<typeof createFakeProvider>['connect']>>;
  let secrets: SecretStore;
  let pending: PendingCreations;
  let events: UpEvent[];
  let specs: Array<Parameters<UpConnection['create']>[0]>;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'up-'));
    connection = await createFakeProvider().connect({});
    secrets = new SecretStore(join(dir, 'secrets'));
    pending = new PendingCreations('fake', join(dir, 'creating'));
    events = [];
    specs = [];
  });
  afterEach(async () => {
    for (const { id } of await all()) await (await connection.get(id)).destroy();
    rmSync(dir, { recursive: true });
  });

  async function all(): Promise<SandboxInfo[]> {
    const list = [];
    for await (const info of connection.list()) list.push(info);
    return list;
  }

  const recorded: () => UpConnection = () => {
    const { get, list, create }: UpConnection = connection;
    return {
      get: get.bind(connection),
      list: list.bind(connection),
      prepare: () => connection.prepare(),
      create(spec, options) {
        specs.push(spec);
        return create.call(connection, spec, options);
      },
    };
  };

  /** What a spec asks of Docker. */
  const dockerOptions = (spec: (typeof specs)[number] | undefined) =>
    spec?.provider?.docker as DockerExtraInput | undefined;

  function run(options: Partial<UpOptions> = {}, environment: Partial<UpEnvironment> = {}) {
    return up(
      {
        repo,
        build: false,
        mount: true,
        ports: new Map(),
        timeoutMs: 1_000,
        keepOnFailure: false,
        signal: new AbortController().signal,
        ...options,
      },
      {
        connection: recorded(),
        secrets,
        pending,
        owner: 'me',
        place: placeOnDocker,
        ensureImage: async () => image,
        currentTree: async () => 'tree-1',
        caBundle: async () => undefined,
        waitForServices: async () => undefined,
        onEvent: (event) => events.push(event),
        ...environment,
      },
    );
  }

  const notes = () => events.filter((event) => event.type === 'note').map(({ text }) => text);

  it('makes a sandbox that carries the digest of the token and never the token', async () => {
    const result = await run();
    expect(result).toMatchObject({ created: true, name: 'repo-aaaa', image: image.result });
    const token = result.secrets?.token ?? '';
    expect(result.urls.daemon).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:\\d+/#token=${token}$`));
    expect(specs[0]?.env).toMatchObject({
      ITERATE_DAEMON_TOKEN_SHA256: tokenDigest(token),
      ITERATE_DAEMON_HOST: '0.0.0.0',
      OPENCODE_SERVER_USERNAME: 'opencode',
      OPENCODE_SERVER_PASSWORD: result.secrets?.opencodePassword,
    });
    expect(JSON.stringify(specs)).not.toContain(token);
    expect(specs[0]?.labels).toMatchObject({
      [LABELS.repo]: repo.hash,
      [LABELS.key]: 'key-1',
      [LABELS.tree]: 'tree-1',
    });
    expect(await secrets.read(result.id)).toMatchObject({ id: result.id, token });
    expect(readdirSync(join(dir, 'creating'))).toEqual([]);
  });

  it('reuses the running one: same URLs, same token, no build', async () => {
    const first = await run();
    const again = await run(
      {},
      { ensureImage: () => Promise.reject(new Error('a build of what runs already')) },
    );
    expect(again).toMatchObject({ created: false, id: first.id, urls: first.urls, secrets: first.secrets });
    expect(notes()).toEqual([]);
  });

  it('starts a stopped one and resumes a paused one', async () => {
    const { id } = await run();
    const sandbox = await connection.get(id);
    await sandbox.stop();
    expect(await run()).toMatchObject({ created: false, id });
    expect((await sandbox.info()).state).toBe('running');
    await sandbox.pause();
    expect(await run()).toMatchObject({ created: false, id });
    expect((await sandbox.info()).state).toBe('running');
  });

  it('says when the working tree has changed since the image was built', async () => {
    await run();
    await run({}, { currentTree: async () => 'tree-2' });
    expect(notes()).toEqual([expect.stringContaining('The working tree has changed')]);
  });

  it('says when the token is not on this machine, and prints a URL without one', async () => {
    const { id } = await run();
    await secrets.remove(id);
    const again = await run();
    expect(again.secrets).toBeUndefined();
    expect(again.urls.daemon).not.toContain('token');
    expect(notes()).toEqual([expect.stringContaining('sandbox rm repo-aaaa')]);
  });

  it('with --build replaces a sandbox of another image, and keeps one of the same', async () => {
    const first = await run();
    expect(await run({ build: true })).toMatchObject({ created: false, id: first.id });
    const second = await run({ build: true }, { ensureImage: async () => ({ ...image, key: 'key-2' }) });
    expect(second.created).toBe(true);
    expect((await all()).map(({ id }) => id)).toEqual([second.id]);
    expect(await secrets.ids()).toEqual([second.id]);
  });

  it('leaves an old sandbox alone when the build of its successor fails', async () => {
    const first = await run();
    const failing = run({ build: true }, { ensureImage: () => Promise.reject(new Error('build failed')) });
    await expect(failing).rejects.toThrow('build failed');
    expect((await all()).map(({ id }) => id)).toEqual([first.id]);
  });

  it('mounts the repository, the git directory of a worktree and the CA bundle, all read-only', async () => {
    await run({ repo: { ...repo, commonDir: '/main/.git' } }, { caBundle: async () => '/etc/ssl/ca.pem' });
    expect(dockerOptions(specs[0])?.mounts).toEqual([
      { source: '/repo', target: '/local-iterate-repo' },
      { source: '/main/.git', target: '/local-iterate-git-common' },
      { source: '/etc/ssl/ca.pem', target: '/etc/iterate/host-ca.pem' },
    ]);
  });

  it.each([{ mount: false }, { ref: 'main' }])('mounts no repository with %o', async (options) => {
    await run(options);
    expect(dockerOptions(specs[0])?.mounts).toEqual([]);
  });

  it('removes what it made when the services do not become ready', async () => {
    const error = new CliError('NotReady', 'no', { services: {}, logs: [] });
    const sessions: string[][] = [];
    const waitForServices = () => {
      sessions.push(readdirSync(join(dir, 'creating')));
      return Promise.reject(error);
    };
    await expect(run({}, { waitForServices })).rejects.toBe(error);
    expect(await all()).toEqual([]);
    // While it was half-made, a killed run would have been noticed by the label on it.
    expect(sessions).toEqual([[specs[0]?.labels?.[LABELS.session]]]);
    expect(readdirSync(join(dir, 'creating'))).toEqual([]);
    expect(await secrets.ids()).toEqual([]);
  });

  it('keeps it with --keep-on-failure and says how to look into it', async () => {
    const error = new CliError('NotReady', 'no', { services: {}, logs: [] });
    await expect(run({ keepOnFailure: true }, { waitForServices: () => Promise.reject(error) })).rejects.toBe(
      error,
    );
    expect(await all()).toHaveLength(1);
    expect(notes()).toEqual([expect.stringContaining('sandbox shell repo-aaaa')]);
  });

  it('leaves nothing when it is interrupted, whatever it was doing, and even with --keep-on-failure', async () => {
    for (const moment of ['creating', 'created'] as const) {
      const controller = new AbortController();
      const interrupted = run(
        { signal: controller.signal, keepOnFailure: true },
        {
          onEvent: ({ type }) => type === moment && controller.abort(),
          waitForServices: async (_, { signal }) => signal?.throwIfAborted(),
        },
      );
      await expect(interrupted).rejects.toThrow();
      expect(await all()).toEqual([]);
      expect(await secrets.ids()).toEqual([]);
    }
  });

  it('does not remove a sandbox that was there before when its services do not become ready', async () => {
    const { id } = await run();
    await expect(run({}, { waitForServices: () => Promise.reject(new Error('no')) })).rejects.toThrow('no');
    expect((await all()).map((info) => info.id)).toEqual([id]);
  });

  it('refuses a name that belongs to another repository', async () => {
    await run({ name: 'web' });
    const other = { ...repo, root: '/other', hash: 'b'.repeat(16) };
    await expect(run({ name: 'web', repo: other })).rejects.toMatchObject({
      code: 'Usage',
      message: expect.stringContaining('/repo'),
    });
  });

  it('takes another port when one is taken between looking and starting, and says so', async () => {
    const busy: number[] = [];
    const result = await run(
      {},
      {
        connection: {
          ...recorded(),
          create(spec, options) {
            const port = dockerOptions(spec)?.hostPorts?.[3000] ?? 0;
            if (busy.length === 2) return recorded().create(spec, options);
            busy.push(port);
            return Promise.reject(new SandboxError('PortInUse', 'taken', { port }));
          },
        },
      },
    );
    expect(result.created).toBe(true);
    expect(new Set(busy).size).toBe(2);
    expect(events).toContainEqual(expect.objectContaining({ type: 'port-moved', inside: 3000 }));
  });

  it('does not take another port in place of one that was named', async () => {
    const rejecting = {
      ...recorded(),
      create: () => Promise.reject(new SandboxError('PortInUse', 'taken', { port: 45_678 })),
    };
    const named = run({ ports: new Map([[3000, 45_678]]) }, { connection: rejecting });
    await expect(named).rejects.toMatchObject({ code: 'PortTaken', details: { port: 45_678 } });
  });

  it('refuses to move the port of a sandbox that exists', async () => {
    await run();
    await expect(run({ ports: new Map([[3000, 45_678]]) })).rejects.toMatchObject({
      code: 'Usage',
      message: expect.stringContaining('sandbox rm repo-aaaa'),
    });
  });
});
