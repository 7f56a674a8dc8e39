import { afterEach, expect, it } from 'vitest';
import { startDockerRegistry } from '../test/docker-registry.js';
import { docker, engineFixture } from '../test/engine-fixture.js';
import { ensureImage } from './ensure-image.js';
import type { ImageEvent } from './image-event.js';
import { listImages } from './list-images.js';

const before = process.env.DOCKER_CONFIG;
afterEach(() => {
  if (before === undefined) delete process.env.DOCKER_CONFIG;
  else process.env.DOCKER_CONFIG = before;
});

it('pushes with the login of the Docker config, and finds the image there when the engine has lost it', async () => {
  await using registry = await startDockerRegistry();
  process.env.DOCKER_CONFIG = registry.configDir;
  await using fixture = await engineFixture({ Dockerfile: 'FROM scratch\nCOPY . /repo\nCMD ["none"]\n' });
  const { repository, storeDir, name } = fixture;
  const events: ImageEvent[] = [];
  const options = {
    repoDir: repository.dir,
    dockerfile: 'Dockerfile',
    registry: `${registry.host}/team/app`,
    storeDir,
    name,
    onProgress: (event: ImageEvent) => events.push(event),
  };
  await repository.git('switch', '--quiet', '--create', 'feature/login');
  const pushed = await ensureImage({ ...options, push: true });
  expect(pushed).toMatchObject({ built: true, digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
  expect(events.map((event) => event.type)).toContain('pushed');
  const { tags } = (await listImages({ name }))[0] ?? {};
  expect(tags?.filter((tag) => tag.startsWith(registry.host))).toEqual([
    `${options.registry}:branch-feature-login`,
    `${options.registry}:key-${pushed.key.slice(0, 32)}`,
    `${options.registry}:tree-${pushed.tree.slice(0, 16)}`,
  ]);
  await docker('rmi', '--force', pushed.imageId);

  events.length = 0;
  const found = await ensureImage(options);
  expect(found).toEqual({ ...pushed, built: false });
  expect(events).toContainEqual({ type: 'found', imageId: pushed.imageId, where: 'registry' });

  const commit = await repository.commit('the same files in another commit');
  expect(await ensureImage(options)).toMatchObject({ key: pushed.key, commit, built: true });
});

it('says that the registry refuses an unknown user', async () => {
  await using registry = await startDockerRegistry();
  process.env.DOCKER_CONFIG = '/nonexistent';
  await using fixture = await engineFixture({ Dockerfile: 'FROM scratch\nCOPY . /repo\nCMD ["none"]\n' });
  const { repository, storeDir, name } = fixture;
  const warnings: string[] = [];
  const pushing = ensureImage({
    repoDir: repository.dir,
    dockerfile: 'Dockerfile',
    registry: `${registry.host}/team/app`,
    push: true,
    storeDir,
    name,
    onProgress: (event) => event.type === 'warning' && warnings.push(event.message),
  });
  await expect(pushing).rejects.toMatchObject({
    code: 'PUSH_FAILED',
    message: expect.stringContaining('docker login'),
  });
  expect(warnings).toEqual([expect.stringContaining(registry.host)]);
});
