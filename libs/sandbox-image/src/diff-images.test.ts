import { expect, it } from 'vitest';
import { tempRepository } from '../test/temp-repository.js';
import { diffImages } from './diff-images.js';

const lockfile = (versions: Readonly<Record<string, string>>): string =>
  `lockfileVersion: '9.0'\npackages:\n${Object.entries(versions)
    .map(([name, version]) => `  '${name}@${version}':\n    resolution: {integrity: sha512-x}\n`)
    .join('')}`;
const npmLock = (versions: Readonly<Record<string, string>>): string =>
  JSON.stringify({
    packages: {
      '': { version: '1.0.0' },
      ...Object.fromEntries(
        Object.entries(versions).map(([name, version]) => [`node_modules/${name}`, { version }]),
      ),
    },
  });

it('tells agents, packages and files apart', async () => {
  await using repository = await tempRepository({
    Dockerfile: 'FROM scratch\nENV SANDBOX_BUN_VERSION=1.0.0\nENV SANDBOX_OLD_VERSION=1 OTHER=1\n',
    'pnpm-lock.yaml': lockfile({ hono: '4.0.0', '@scope/kept': '1.0.0' }),
    'site/package-lock.json': npmLock({ left: '1.0.0' }),
    'gone.txt': 'gone',
    'moved.txt': 'a file that is long enough to be seen as the same after it was moved\n',
  });
  await repository.git('tag', 'before');
  await repository.git('mv', 'moved.txt', 'elsewhere.txt');
  await repository.git('rm', '--quiet', 'gone.txt');
  await repository.write({
    Dockerfile: 'FROM scratch\nENV SANDBOX_BUN_VERSION=1.1.0\nENV OTHER=2\n',
    'pnpm-lock.yaml': lockfile({ hono: '4.1.0', '@scope/kept': '1.0.0', '@scope/new': '2.0.0' }),
    'site/package-lock.json': npmLock({}),
  });
  const diff = await diffImages({ repoDir: repository.dir, from: 'before', dockerfile: 'Dockerfile' });
  expect(diff.to.dirty).toBe(true);
  expect(diff.agents).toEqual([
    { name: 'SANDBOX_BUN_VERSION', from: '1.0.0', to: '1.1.0' },
    { name: 'SANDBOX_OLD_VERSION', from: '1' },
  ]);
  expect(diff.packages).toEqual([
    { name: '@scope/new', to: '2.0.0' },
    { name: 'hono', from: '4.0.0', to: '4.1.0' },
    { name: 'left', from: '1.0.0' },
  ]);
  expect(diff.files).toEqual([
    { change: 'modified', path: 'Dockerfile' },
    { change: 'renamed', from: 'moved.txt', path: 'elsewhere.txt' },
    { change: 'removed', path: 'gone.txt' },
    { change: 'modified', path: 'pnpm-lock.yaml' },
    { change: 'modified', path: 'site/package-lock.json' },
  ]);
  await repository.commit('after');
  const committed = await diffImages({
    repoDir: repository.dir,
    from: 'before',
    to: 'main',
    dockerfile: 'Dockerfile',
  });
  expect(committed).toEqual({ ...diff, to: { ...committed.to, dirty: false } });
  expect(committed.to.tree).toBe(diff.to.tree);
});
