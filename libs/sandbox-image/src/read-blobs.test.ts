import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { tempRepository } from '../test/temp-repository.js';
import { createGit } from './git.js';
import { readBlobs } from './read-blobs.js';

it('gives each blob whole, whatever pieces git writes', async () => {
  const contents = ['', '\n', 'a\n', 'x'.repeat(200_000), `${'y'.repeat(65_535)}\n`, 'last'];
  await using repository = await tempRepository(
    Object.fromEntries(contents.map((text, n) => [`f${n}`, text])),
  );
  const git = createGit(repository.dir);
  const ids = await Promise.all(contents.map((_, n) => git.text(['rev-parse', `HEAD:f${n}`])));
  const read: string[] = [];
  for await (const { size, body } of readBlobs(git, [...ids, ...ids])) {
    const text = (await buffer(body)).toString();
    expect(text).toHaveLength(size);
    read.push(text);
  }
  expect(read).toEqual([...contents, ...contents]);
});

it('ends every time, whether or not the end of the output was seen', async () => {
  await using repository = await tempRepository();
  const git = createGit(repository.dir);
  const id = await git.text(['rev-parse', 'HEAD:Dockerfile']);
  for (let round = 0; round < 100; round += 1) {
    for await (const { body } of readBlobs(git, [id])) expect((await buffer(body)).length).toBeGreaterThan(0);
  }
});

it('may be left in the middle', async () => {
  await using repository = await tempRepository({ big: 'x'.repeat(1_000_000) });
  const git = createGit(repository.dir);
  const id = await git.text(['rev-parse', 'HEAD:big']);
  for await (const { body } of readBlobs(git, [id, id, id])) {
    for await (const _ of body) break;
    break;
  }
});
