import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** An Nx workspace of somebody else, with the published packages as it would have them in `node_modules`. */
export interface ForeignWorkspace extends AsyncDisposable {
  dir: string;
  /** Repository part of its image's tags. */
  imageName: string;
  write(files: Readonly<Record<string, string | object>>): Promise<void>;
  commit(message: string): Promise<string>;
  /** Runs nx without its daemon. @returns Both output streams. */
  nx(...args: string[]): Promise<string>;
}

const here = dirname(fileURLToPath(import.meta.url));

export async function foreignWorkspace(): Promise<ForeignWorkspace> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'nx-sandbox-foreign-')));
  const imageName = `nx-sandbox-test-${randomUUID().slice(0, 8)}`;
  const git = async (...args: string[]): Promise<string> => {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
    return (await execa('git', [...identity, ...args], { cwd: dir })).stdout;
  };
  const env = {
    NX_DAEMON: 'false',
    NX_NO_CLOUD: 'true',
    CI: 'true',
    ITERATE_SANDBOX_IMAGE_DIR: join(dir, '.images'),
  };
  const workspace: ForeignWorkspace = {
    dir,
    imageName,
    async write(files) {
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(dir, path)), { recursive: true });
        await writeFile(join(dir, path), typeof content === 'string' ? content : JSON.stringify(content));
      }
    },
    async commit(message) {
      await git('add', '--all');
      await git('commit', '--quiet', '--message', message);
      return git('rev-parse', 'HEAD');
    },
    async nx(...args) {
      const result = await execa(join(dir, 'node_modules/.bin/nx'), args, {
        cwd: dir,
        env,
        all: true,
        reject: false,
      });
      if (result.failed) throw new Error(`nx ${args.join(' ')} failed:\n${result.all}`);
      return result.all;
    },
    async [Symbol.asyncDispose]() {
      const { stdout } = await execa('docker', [
        'images',
        '--quiet',
        '--filter',
        `label=dev.iterate.image.name=${imageName}`,
      ]);
      const ids = [...new Set(stdout.split('\n').filter((id) => id !== ''))];
      if (ids.length > 0) await execa('docker', ['rmi', '--force', ...ids]);
      await rm(dir, { recursive: true, force: true });
    },
  };
  await git('init', '--quiet', '--initial-branch=main');
  await linkPackages(dir);
  await workspace.write({
    '.gitignore': 'node_modules\n.nx\n.images\nimage.json\n',
    'package.json': { name: 'foreign', private: true },
    'nx.json': {
      analytics: false,
      neverConnectToCloud: true,
      cacheDirectory: '.nx/cache',
      plugins: ['@iterate/nx-sandbox'],
    },
    'packages/box/project.json': { name: 'box' },
    'packages/box/sandbox.config.json': { name: imageName, test: 'node check.mjs' },
    'packages/box/Dockerfile': 'FROM scratch\nCOPY . /repo\nCMD ["none"]\n',
    'packages/box/check.mjs': 'console.log("checked", process.cwd());\n',
    'packages/other/project.json': { name: 'other' },
  });
  await workspace.commit('first');
  return workspace;
}

/** What `npm install` would leave: the packages, and their programs in `.bin`. */
async function linkPackages(dir: string): Promise<void> {
  const require = createRequire(import.meta.url);
  const modules = join(dir, 'node_modules');
  await mkdir(join(modules, '.bin'), { recursive: true });
  await mkdir(join(modules, '@iterate'));
  await mkdir(join(modules, '@nx'));
  const nx = dirname(require.resolve('nx/package.json'));
  await symlink(nx, join(modules, 'nx'));
  await symlink(dirname(require.resolve('@nx/devkit/package.json')), join(modules, '@nx/devkit'));
  await symlink(join(here, '..'), join(modules, '@iterate/nx-sandbox'));
  const sandbox = dirname(require.resolve('@iterate/sandbox/package.json'));
  await symlink(sandbox, join(modules, '@iterate/sandbox'));
  await symlink(join(nx, require('nx/package.json').bin.nx), join(modules, '.bin/nx'));
  await symlink(
    join(sandbox, require('@iterate/sandbox/package.json').bin.sandbox),
    join(modules, '.bin/sandbox'),
  );
}
