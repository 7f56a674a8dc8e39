import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../run-command.mjs';

/**
 * Installs the dependencies from the lockfile. A stamp inside node_modules makes the next run instant.
 *
 * @param {{ root: string, report: (detail: string) => void }} context
 */
export async function ensureDependencies({ root, report }) {
  const stampFile = join(root, 'node_modules', '.bootstrap-stamp');
  const stamp = createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .update(readFileSync(join(root, 'pnpm-workspace.yaml')))
    .digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return 'up to date';
  await runCommand('pnpm', ['install', '--frozen-lockfile', '--reporter=append-only'], {
    cwd: root,
    env: { ...process.env, CI: 'true' },
    onLine: report,
    wayOut: 'Run "pnpm install" to see more. If the lockfile is out of date, commit the one it writes.',
  });
  writeFileSync(stampFile, stamp);
  return undefined;
}
