import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../test/temp-repository.js';
import { findBuildCli } from './find-build-cli.js';

/** A PATH of directories that each hold programs, given as the bodies of shell scripts. */
async function pathOf(root: string, ...dirs: Readonly<Record<string, string>>[]): Promise<string> {
  const paths: string[] = [];
  for (const [number, programs] of dirs.entries()) {
    const dir = join(root, String(number));
    await mkdir(dir);
    for (const [name, body] of Object.entries(programs)) {
      await writeFile(join(dir, name), `#!/bin/sh\n${body}\n`);
      await chmod(join(dir, name), 0o755);
    }
    paths.push(dir);
  }
  return paths.join(delimiter);
}

const WITHOUT_BUILDX =
  '[ "$1" = version ] && echo 28.2.2 && exit 0\necho "unknown command: docker $1" >&2; exit 1';
const CLASSIC = '[ "$1" = version ] && echo 20.10.24+dfsg1 && exit 0\nexit 1';
const CLASSIC_WITHOUT_ENGINE = '[ "$1" = version ] && echo 20.10.24+dfsg1\necho "Cannot connect" >&2; exit 1';
const WITH_BUILDX =
  '[ "$1 $2" = "buildx version" ] && echo "github.com/docker/buildx v0.24.0 abc" && exit 0\nexit 1';
const OLD_BUILDX =
  '[ "$1 $2" = "buildx version" ] && echo "github.com/docker/buildx v0.9.1 abc" && exit 0\nexit 1';

it('passes over a new docker without buildx for an old one behind it on PATH', async () => {
  await using dir = await tempDir('path');
  const path = await pathOf(dir.path, { docker: WITHOUT_BUILDX }, { docker: CLASSIC });
  expect(await findBuildCli(path)).toEqual({
    kind: 'classic',
    file: join(dir.path, '1/docker'),
    args: ['build'],
    env: { DOCKER_BUILDKIT: '1' },
  });
});

it('prefers buildx wherever it is on PATH, and turns attestations off where it makes them', async () => {
  await using dir = await tempDir('path');
  const path = await pathOf(dir.path, { docker: CLASSIC }, { docker: WITH_BUILDX });
  expect(await findBuildCli(path)).toMatchObject({
    kind: 'buildx',
    file: join(dir.path, '1/docker'),
    args: ['buildx', 'build', '--load', '--provenance=false', '--sbom=false'],
  });
  await using old = await tempDir('path');
  expect(await findBuildCli(await pathOf(old.path, { docker: OLD_BUILDX }))).toMatchObject({
    args: ['buildx', 'build', '--load'],
  });
});

it('takes a buildx that is a program of its own', async () => {
  await using dir = await tempDir('path');
  const path = await pathOf(dir.path, { docker: WITHOUT_BUILDX, 'docker-buildx': 'echo buildx v0.30.1' });
  expect(await findBuildCli(path)).toMatchObject({
    kind: 'standalone-buildx',
    file: join(dir.path, '0/docker-buildx'),
  });
});

it('knows a classic client even when no engine answers', async () => {
  await using dir = await tempDir('path');
  expect(await findBuildCli(await pathOf(dir.path, { docker: CLASSIC_WITHOUT_ENGINE }))).toMatchObject({
    kind: 'classic',
  });
});

it('says what it tried and what to install when nothing can build', async () => {
  await using dir = await tempDir('path');
  const path = await pathOf(dir.path, { docker: WITHOUT_BUILDX });
  await expect(findBuildCli(path)).rejects.toMatchObject({
    code: 'BUILDKIT_MISSING',
    details: { tried: [join(dir.path, '0/docker')] },
    message: expect.stringContaining('buildx plugin'),
  });
  await expect(findBuildCli('')).rejects.toMatchObject({
    message: expect.stringContaining('no docker on PATH'),
  });
});
