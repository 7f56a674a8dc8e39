import { readdir } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { docker, engineFixture } from '../test/engine-fixture.js';
import { readBuildLog } from './build-log.js';
import { ensureImage } from './ensure-image.js';
import { imageLayers } from './image-layers.js';
import { findImage, listImages } from './list-images.js';
import { pruneImages } from './prune-images.js';

it('lists, finds, explains and prunes images', async () => {
  await using fixture = await engineFixture({ Dockerfile: 'FROM scratch\nCOPY . /repo\nCMD ["none"]\n' });
  const { repository, storeDir, name } = fixture;
  const build = async (content: string): Promise<string> => {
    await repository.write({ 'a.txt': content });
    await repository.commit(content);
    return (await ensureImage({ repoDir: repository.dir, dockerfile: 'Dockerfile', storeDir, name })).imageId;
  };
  const first = await build('one');
  const second = await build('two');
  const third = await build('three');
  const images = await listImages({ name });
  expect(new Set(images.map((image) => image.id))).toEqual(new Set([first, second, third]));
  expect(images[0]).toMatchObject({ id: third, branch: 'main', dirty: false, usedBy: [] });

  const found = await findImage('main', { name });
  expect(found.id).toBe(third);
  expect((await findImage(`${name}:local`, { name })).id).toBe(third);
  expect((await findImage(await repository.git('rev-parse', '--short', 'HEAD~1'), { name })).id).toBe(second);
  await expect(findImage('nothing', { name })).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
  expect(await readBuildLog(found.key, { storeDir })).toContain('COPY . /repo');
  expect((await imageLayers(third)).map((layer) => layer.instruction)).toEqual([
    expect.stringContaining('COPY . /repo'),
    'CMD ["none"]',
  ]);

  const container = await docker('create', second);
  try {
    const dry = await pruneImages({ name, keep: 1, dryRun: true, storeDir });
    expect(dry.removed.map((image) => image.id)).toEqual([first]);
    expect(await listImages({ name })).toHaveLength(3);
    const pruned = await pruneImages({ name, keep: 1, storeDir });
    expect(pruned.removed.map((image) => image.id)).toEqual([first]);
    expect(pruned.kept.map(({ image, reason }) => [image.id, reason])).toEqual([
      [third, 'recent'],
      [second, 'in use'],
    ]);
    expect((await listImages({ name })).map((image) => image.id)).toEqual([third, second]);
    expect((await readdir(storeDir)).filter((entry) => entry.length === 64)).toHaveLength(2);
  } finally {
    await docker('rm', container);
  }
});
