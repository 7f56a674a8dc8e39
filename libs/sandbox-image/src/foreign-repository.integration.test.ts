import { expect, it } from 'vitest';
import { engineFixture, SHELL_BASE } from '../test/engine-fixture.js';
import { imageContents } from '../test/image-contents.js';
import { ensureImage } from './ensure-image.js';
import type { ImageEvent } from './image-event.js';

/** A repository that knows nothing of this one: two stages, a tool, tests kept out of the context. */
const FOREIGN = {
  'deploy/Dockerfile': [
    `ARG RUNTIME=${SHELL_BASE}`,
    `FROM \${RUNTIME} AS tools`,
    'RUN mkdir /tools && echo tool > /tools/tool',
    `FROM \${RUNTIME} AS build`,
    'COPY package.json /src/',
    'RUN cp /src/package.json /dependencies',
    'COPY . /src',
    'RUN cat /src/lib/*.txt > /bundle',
    'FROM scratch',
    'COPY --from=tools /tools /tools',
    'COPY --from=build /bundle /dependencies /app/',
    'COPY --from=build /src /app/src',
  ].join('\n'),
  '.dockerignore': 'tests\n.git\n',
  'package.json': '{"name":"foreign"}',
  'lib/a.txt': 'a\n',
  'lib/b.txt': 'b\n',
  'tests/a.test.txt': 'not in the image',
};

it('builds the same files twice, and again only what an edit touches', async () => {
  await using fixture = await engineFixture(FOREIGN);
  const { repository, storeDir, name } = fixture;
  const options = { repoDir: repository.dir, dockerfile: 'deploy/Dockerfile', storeDir, name };
  const first = await ensureImage(options);
  const contents = await imageContents(first.imageId);
  expect([...contents.keys()].filter((path) => /^app\//.test(path)).sort()).toEqual(
    expect.arrayContaining(['app/bundle', 'app/dependencies', 'app/src/lib/a.txt']),
  );
  expect([...contents.keys()].filter((path) => /tests|\.git\b/.test(path))).toEqual([]);

  const second = await ensureImage({ ...options, noCache: true });
  expect(second).toMatchObject({ key: first.key, built: true });
  const again = await imageContents(second.imageId);
  const differing = [...contents].filter(([path, { content, mode }]) => {
    const other = again.get(path);
    return other?.content !== content || other.mode !== mode;
  });
  expect(differing).toEqual([]);
  expect([...again.keys()]).toEqual([...contents.keys()]);

  // The engine may remember the layers of an earlier run of this test, but none of this edit.
  await repository.write({ 'lib/a.txt': `edited by ${name}\n` });
  const events: ImageEvent[] = [];
  await ensureImage({ ...options, onProgress: (event) => events.push(event) });
  const ended = (step: string): string | undefined =>
    events
      .flatMap((event) => (event.type === 'step' && event.name.includes(step) ? [event.state] : []))
      .at(-1);
  expect([ended('mkdir /tools'), ended('cp /src/package.json'), ended('cat /src/lib')]).toEqual([
    'cached',
    'cached',
    'done',
  ]);
});

it('dates the files of the tree by SOURCE_DATE_EPOCH, else by the commit', async () => {
  await using fixture = await engineFixture({ Dockerfile: 'FROM scratch\nCOPY . /repo\n' });
  const { repository, storeDir, name } = fixture;
  const options = { repoDir: repository.dir, dockerfile: 'Dockerfile', storeDir, name };
  // New content in every run: a layer that the engine remembers keeps the times of the files it was made of.
  await repository.write({ 'name.txt': name });
  await repository.commit('name it');
  const times = async (imageId: string): Promise<number[]> => {
    const files = [...(await imageContents(imageId))].filter(([path]) => /^repo\/./.test(path));
    return [...new Set(files.map(([, { mtime }]) => mtime))];
  };
  const { imageId } = await ensureImage(options);
  expect(await times(imageId)).toEqual([Date.parse('2026-01-02T03:04:05Z') / 1000]);
  process.env.SOURCE_DATE_EPOCH = '1000000000';
  try {
    const dated = await ensureImage({ ...options, noCache: true });
    expect(await times(dated.imageId)).toEqual([1_000_000_000]);
    process.env.SOURCE_DATE_EPOCH = 'yesterday';
    await expect(ensureImage({ ...options, force: true })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  } finally {
    delete process.env.SOURCE_DATE_EPOCH;
  }
});
