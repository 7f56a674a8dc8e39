import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

const checkout = join(import.meta.dirname, '../..');

/** A copy of this checkout as it is now, uncommitted changes included: tests edit it, never the checkout itself. */
export interface RepoCopy extends AsyncDisposable {
  readonly dir: string;
  git(...args: string[]): Promise<string>;
}

export async function copyRepo(): Promise<RepoCopy> {
  const dir = await mkdtemp(join(tmpdir(), 'iterate-sandbox-test-'));
  // The sandbox's user reads the mount, and is not the one who runs the tests.
  await chmod(dir, 0o755);
  await execa(join(checkout, 'sandbox/sync-repo.sh'), [checkout, dir, '/no-common-dir']);
  return {
    dir,
    git: async (...args) => (await execa('git', args, { cwd: dir })).stdout,
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}
