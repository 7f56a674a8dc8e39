import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes a workspace of one target that does nothing, with the settings and the packages of another: what running it
 * takes is what Nx takes for itself.
 *
 * @param repo The other workspace.
 */
export async function nxFloor(dir: string, repo: string): Promise<void> {
  const files: Record<string, object> = {
    'nx.json': { analytics: false, neverConnectToCloud: true },
    'package.json': { name: 'floor', private: true },
    'project.json': { name: 'floor', targets: { nothing: { executor: 'nx:noop' } } },
  };
  await mkdir(dir);
  for (const [path, content] of Object.entries(files))
    await writeFile(join(dir, path), JSON.stringify(content));
  await writeFile(join(dir, '.env'), 'NX_ISOLATE_PLUGINS=false\n');
  await symlink(join(repo, 'node_modules'), join(dir, 'node_modules'));
}
