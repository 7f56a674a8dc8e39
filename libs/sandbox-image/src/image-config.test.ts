import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempRepository } from '../test/temp-repository.js';
import { readImageConfig } from './image-config.js';

it('resolves the Dockerfile against the file, and the repository around it', async () => {
  await using repository = await tempRepository({
    'apps/web/sandbox.config.json': JSON.stringify({
      name: 'web',
      dockerfile: '../docker/web',
      buildArgs: { A: '1' },
    }),
    'sandbox.config.json': '{}',
  });
  expect(await readImageConfig(join(repository.dir, 'apps/web/sandbox.config.json'))).toEqual({
    name: 'web',
    repoDir: repository.dir,
    dockerfile: 'apps/docker/web',
    buildArgs: { A: '1' },
  });
  expect(await readImageConfig(join(repository.dir, 'sandbox.config.json'))).toEqual({
    repoDir: repository.dir,
    dockerfile: 'Dockerfile',
  });
});

it('names the setting that is wrong', async () => {
  await using repository = await tempRepository({
    'sandbox.config.json': JSON.stringify({ name: 1, dokerfile: 'x' }),
    'broken.json': '{',
  });
  const error: unknown = await readImageConfig(join(repository.dir, 'sandbox.config.json')).catch(
    (e: unknown) => e,
  );
  expect(error).toMatchObject({ code: 'INVALID_CONFIG' });
  expect(String(error)).toMatch(/"dokerfile"/);
  expect(String(error)).toMatch(/at name/);
  await expect(readImageConfig(join(repository.dir, 'broken.json'))).rejects.toMatchObject({
    code: 'INVALID_CONFIG',
  });
});
