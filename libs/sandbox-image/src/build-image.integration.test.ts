import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { expect, it } from 'vitest';
import { engineFixture, imageIds } from '../test/engine-fixture.js';
import { buildImage } from './build-image.js';
import { findBuildCli } from './find-build-cli.js';
import { IMAGE_LABELS } from './image-labels.js';

/** A tar that ends after two of its three files, as one whose writer was killed may. */
async function cutOffTar(): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: 'Dockerfile' }, 'FROM scratch\nCOPY . /repo\nCMD ["none"]\n');
  tar.entry({ name: 'a.txt' }, 'a');
  tar.finalize();
  const whole = await buffer(tar as AsyncIterable<Buffer>);
  const endOfArchive = 1024;
  return whole.subarray(0, whole.length - endOfArchive);
}

it('makes no image of a context that breaks off between two files', async () => {
  await using fixture = await engineFixture({ Dockerfile: 'FROM scratch\n' });
  const start = await cutOffTar();
  const building = buildImage({
    cli: await findBuildCli(),
    context: Readable.from(
      (async function* () {
        yield start;
        throw new Error('the rest is lost');
      })(),
      { objectMode: false },
    ),
    dockerfile: 'Dockerfile',
    buildArgs: {},
    labels: { [IMAGE_LABELS.name]: fixture.name },
    secrets: [],
    noCache: false,
    logFile: join(fixture.storeDir, 'build.log'),
    contextCommand: 'none',
  });
  await expect(building).rejects.toThrow('the rest is lost');
  expect(await imageIds(fixture.name)).toEqual([]);
});
