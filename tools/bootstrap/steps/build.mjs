import { runCommand } from '../run-command.mjs';

/**
 * Builds every package; Nx answers from its cache for what has not changed.
 *
 * @param {{ root: string, report: (detail: string) => void }} context
 */
export async function ensureBuilds({ root, report }) {
  await runCommand('pnpm', ['nx', 'run-many', '-t', 'build', '--output-style=stream'], {
    cwd: root,
    env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' },
    onLine: report,
  });
}
