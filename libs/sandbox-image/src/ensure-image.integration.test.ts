import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { docker, engineFixture, imageIds, SHELL_BASE } from '../test/engine-fixture.js';
import { git, tempDir } from '../test/temp-repository.js';
import { ensureImage } from './ensure-image.js';
import type { ImageEvent } from './image-event.js';
import { IMAGE_LABELS } from './image-labels.js';

const COPY_ALL = 'FROM scratch\nCOPY . /repo\nCMD ["none"]\n';

/** Copies a directory out of an image. */
async function extract(image: string, path: string): Promise<AsyncDisposable & { path: string }> {
  const dir = await tempDir('extracted');
  const container = await docker('create', image, 'none');
  try {
    await docker('cp', `${container}:${path}/.`, dir.path);
  } finally {
    await docker('rm', container);
  }
  return dir;
}

/** Waits for a docker client among the children of a process. */
async function clientOf(parent: number): Promise<number> {
  for (;;) {
    const children = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8');
    for (const pid of children.trim().split(' ').filter(Boolean).map(Number)) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (command.includes(IMAGE_LABELS.key)) return pid;
    }
    await sleep(1);
  }
}

async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return status !== '' && !/\) Z /.test(status);
}

it('builds once, finds it again, and rebuilds after the image was removed', async () => {
  await using fixture = await engineFixture({ Dockerfile: COPY_ALL, 'a.txt': 'a' });
  const { repository, ...where } = fixture;
  const options = { repoDir: repository.dir, dockerfile: 'Dockerfile', ...where };
  const first = await ensureImage(options);
  expect(first).toMatchObject({ built: true, dirty: false, branch: 'main', platform: /^linux\// });
  expect(first.tags).toEqual([`${fixture.name}:tree-${first.tree.slice(0, 16)}`, `${fixture.name}:local`]);
  const { digest: _, ...again } = await ensureImage(options);
  expect(again).toEqual({ ...first, built: false });
  expect(await ensureImage({ ...options, ref: 'main' })).toMatchObject({
    imageId: first.imageId,
    built: false,
  });
  await docker('rmi', '--force', first.imageId);
  expect(await ensureImage(options)).toMatchObject({ key: first.key, built: true });
});

it('has a repository inside that equals the ref, clean and on its branch', async () => {
  await using fixture = await engineFixture({
    Dockerfile: COPY_ALL,
    'a.txt': 'a',
    '.gitignore': 'ignored\n',
  });
  const { repository, ...where } = fixture;
  await repository.write({ ignored: 'x', 'untracked.txt': 'x' });
  const { imageId, commit } = await ensureImage({
    repoDir: repository.dir,
    dockerfile: 'Dockerfile',
    ref: 'main',
    ...where,
  });
  await using inside = await extract(imageId, '/repo');
  expect(await git(inside.path, 'status', '--porcelain', '--ignored', '--branch')).toBe('## main');
  expect(await git(inside.path, 'rev-parse', 'HEAD')).toBe(commit);
});

it('keeps the key but renews .git when another commit has the same files', async () => {
  await using fixture = await engineFixture({ Dockerfile: COPY_ALL });
  const { repository, ...where } = fixture;
  const options = { repoDir: repository.dir, dockerfile: 'Dockerfile', ...where };
  const first = await ensureImage(options);
  const second = await repository.commit('the same files');
  const renewed = await ensureImage(options);
  expect(renewed).toMatchObject({ key: first.key, commit: second, built: true });
  await using inside = await extract(renewed.imageId, '/repo');
  expect(await git(inside.path, 'rev-parse', 'HEAD')).toBe(second);
  const detached = await ensureImage({ ...options, ref: first.commit });
  expect(detached).toMatchObject({ key: first.key, commit: first.commit });
  expect(detached).not.toHaveProperty('branch');
  expect(await ensureImage({ ...options, ref: first.commit })).toMatchObject({ built: false });
  expect(await ensureImage(options)).toMatchObject({ imageId: renewed.imageId, built: false });
});

it('builds the dirty working tree, and again only when it changes', async () => {
  await using fixture = await engineFixture({ Dockerfile: COPY_ALL, 'a.txt': 'a' });
  const { repository, ...where } = fixture;
  const options = { repoDir: repository.dir, dockerfile: 'Dockerfile', ...where };
  await repository.write({ 'a.txt': 'edited', 'new.txt': 'n' });
  const dirty = await ensureImage(options);
  expect(dirty).toMatchObject({ dirty: true, built: true });
  await using inside = await extract(dirty.imageId, '/repo');
  expect(await git(inside.path, 'status', '--porcelain')).toBe(' M a.txt\n?? new.txt');
  expect(await ensureImage(options)).toMatchObject({ key: dirty.key, built: false });
  await repository.write({ 'a.txt': 'edited again' });
  expect(await ensureImage(options)).toMatchObject({ built: true });
});

it('makes one build of many that are asked for at once', async () => {
  await using fixture = await engineFixture({ Dockerfile: COPY_ALL });
  const { repository, ...where } = fixture;
  const events: ImageEvent[] = [];
  const results = await Promise.all(
    Array.from({ length: 4 }, () =>
      ensureImage({
        repoDir: repository.dir,
        dockerfile: 'Dockerfile',
        onProgress: (event) => events.push(event),
        ...where,
      }),
    ),
  );
  expect(new Set(results.map((result) => result.imageId)).size).toBe(1);
  expect(results.filter((result) => result.built)).toHaveLength(1);
  expect(events.filter((event) => event.type === 'building')).toHaveLength(1);
  expect(events.some((event) => event.type === 'waiting')).toBe(true);
});

it('says which step failed with its last lines, keeps the log, and prints a command that fails the same way', async () => {
  await using fixture = await engineFixture({
    Dockerfile: `ARG BASE_IMAGE\nFROM \${BASE_IMAGE}\nRUN echo "it's $((6*7))" && echo to-stderr >&2 && exit 3\n`,
  });
  const { repository, ...where } = fixture;
  const options = { repoDir: repository.dir, dockerfile: 'Dockerfile', baseImage: SHELL_BASE, ...where };
  const failure = await ensureImage(options).then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({
    code: 'BUILD_FAILED',
    details: { step: expect.stringContaining('RUN echo') },
  });
  // Two pipes: the order between them is the engine's.
  const { lines } = (failure as { details: { lines: string[] } }).details;
  expect([...lines].sort()).toEqual(["it's 42", 'to-stderr']);
  for (const line of ['RUN echo', ...lines]) expect(String(failure)).toContain(line);
  const { logFile, command } = (failure as { details: { logFile: string; command: string } }).details;
  expect(await readFile(logFile, 'utf8')).toContain("it's 42");
  expect(await imageIds(fixture.name)).toEqual([]);
  // The context comes from the CLI; any tar of the tree does for this.
  const [context = '', build = ''] = command.split(' | ');
  expect(context).toBe(
    `sandbox image context --dockerfile Dockerfile --ref ${await repository.git('rev-parse', 'HEAD')}`,
  );
  const rerun = await execa({ shell: 'bash', reject: false, all: true, cwd: repository.dir })(
    `set -o pipefail; git archive HEAD | ${build}`,
  );
  expect(rerun.exitCode).not.toBe(0);
  expect(rerun.all).toContain("it's 42");
});

it('passes base image, arguments and secrets to the build; a secret is in no layer and no log', async () => {
  await using fixture = await engineFixture({
    Dockerfile: [
      'ARG BASE_IMAGE=none:none',
      `FROM \${BASE_IMAGE}`,
      'ARG GREETING',
      'RUN --mount=type=secret,id=token test "$(wc -c < /run/secrets/token)" = 9 && echo "$GREETING" > /greeting',
      'CMD ["none"]',
    ].join('\n'),
  });
  const { repository, ...where } = fixture;
  await using dir = await tempDir('secret');
  const src = join(dir.path, 'token');
  await execa('sh', ['-c', `printf swordfish > ${src}`]);
  const options = {
    repoDir: repository.dir,
    dockerfile: 'Dockerfile',
    baseImage: SHELL_BASE,
    secrets: [{ id: 'token', src }],
    ...where,
  };
  const hello = await ensureImage({ ...options, buildArgs: { GREETING: 'hello' } });
  const moin = await ensureImage({ ...options, buildArgs: { GREETING: 'moin' } });
  expect(moin.key).not.toBe(hello.key);
  const container = await docker('create', moin.imageId);
  try {
    expect(await docker('cp', `${container}:/greeting`, '-')).toContain('moin');
  } finally {
    await docker('rm', container);
  }
  expect(await docker('history', '--no-trunc', moin.imageId)).not.toContain('swordfish');
  expect(await readFile(join(fixture.storeDir, moin.key, 'build.log'), 'utf8')).not.toContain('swordfish');
});

it('is not held up or misled by a build whose process was killed', async () => {
  await using fixture = await engineFixture({
    Dockerfile: `ARG BASE_IMAGE\nFROM \${BASE_IMAGE}\nRUN sleep 2\nCOPY . /repo\n`,
  });
  const { repository, storeDir, name } = fixture;
  const options = {
    repoDir: repository.dir,
    dockerfile: 'Dockerfile',
    baseImage: SHELL_BASE,
    storeDir,
    name,
  };
  const script = `
    import { ensureImage } from ${JSON.stringify(new URL('./ensure-image.ts', import.meta.url).href)};
    await ensureImage(${JSON.stringify(options)});
  `;
  const child = spawn(
    process.execPath,
    ['--conditions=@iterate/source', '--import', 'tsx', '--input-type=module', '--eval', script],
    {
      stdio: 'inherit',
    },
  );
  const client = await clientOf(child.pid ?? 0);
  child.kill('SIGKILL');
  const image = await ensureImage(options);
  // The client outlives its parent; whatever it made by now must not be worse.
  while (await isRunning(client)) await sleep(20);
  expect((await ensureImage(options)).key).toBe(image.key);
  await using inside = await extract(image.imageId, '/repo');
  expect(await git(inside.path, 'status', '--porcelain')).toBe('');
});

it('stops within a second when it is aborted, and leaves nothing', async () => {
  await using fixture = await engineFixture({
    Dockerfile: `ARG BASE_IMAGE\nFROM \${BASE_IMAGE}\nRUN sleep 600\n`,
  });
  const { repository, ...where } = fixture;
  const controller = new AbortController();
  let abortedAt = Number.NaN;
  const building = ensureImage({
    repoDir: repository.dir,
    dockerfile: 'Dockerfile',
    baseImage: SHELL_BASE,
    signal: controller.signal,
    onProgress: (event) => {
      if (event.type !== 'step' || !event.name.includes('sleep')) return;
      abortedAt = performance.now();
      controller.abort(new Error('enough'));
    },
    ...where,
  });
  await expect(building).rejects.toMatchObject({ code: 'ABORTED' });
  expect(performance.now() - abortedAt).toBeLessThan(20_000);
  expect(await imageIds(fixture.name)).toEqual([]);
  const left = await readdir(fixture.storeDir, { recursive: true });
  expect(left.filter((path) => basename(path) === 'lock')).toEqual([]);
  expect((await readdir(tmpdir())).filter((entry) => entry.includes(`-${process.pid}-`))).toEqual([]);
});

it('refuses a tree that holds a secret, before anything is sent', async () => {
  await using fixture = await engineFixture({
    Dockerfile: COPY_ALL,
    'config/.npmrc': `//registry.example.com/:_authToken=npm_${'a'.repeat(36)}\n`,
  });
  const { repository, ...where } = fixture;
  const options = { repoDir: repository.dir, dockerfile: 'Dockerfile', ...where };
  const refusal = await ensureImage(options).then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );
  expect(refusal).toMatchObject({
    code: 'SECRETS_FOUND',
    details: {
      findings: expect.arrayContaining([{ path: 'config/.npmrc', line: 1, rule: 'NPM_ACCESS_TOKEN' }]),
    },
  });
  expect(`${refusal} ${JSON.stringify(refusal)}`).not.toContain('aaaa');
  expect(await imageIds(fixture.name)).toEqual([]);
  expect(await ensureImage({ ...options, allowSecrets: ['config/*'] })).toMatchObject({ built: true });
});
