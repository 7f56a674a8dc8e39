import { cleanUp } from '../clean-up.js';
import type { CommandContext } from '../context.js';
import { formatTable } from '../display/format-table.js';
import { shortDuration } from '../duration.js';
import { listSandboxes, sandboxName } from '../find-sandbox.js';
import { LABELS } from '../sandbox-labels.js';

/** `sandbox ls` */
export async function lsCommand(
  { connection, secrets, pending }: CommandContext,
  flags: { json?: boolean },
): Promise<void> {
  for (const text of await cleanUp(connection, secrets, pending)) process.stderr.write(`${text}\n`);
  const rows = await Promise.all(
    (await listSandboxes(connection)).map(async (info) => {
      const sandbox = await connection.get(info.id);
      const reachable = info.state === 'running' || info.state === 'paused' ? info.ports : [];
      const urls = await Promise.all(
        reachable.map(async (port) => [port, (await sandbox.endpoint(port)).url] as const),
      );
      return { info, urls };
    }),
  );
  if (flags.json === true) {
    const list = rows.map(({ info, urls }) => ({
      ...info,
      name: sandboxName(info),
      provider: connection.provider,
      urls: Object.fromEntries(urls),
    }));
    process.stdout.write(`${JSON.stringify(list, undefined, 2)}\n`);
    return;
  }
  if (rows.length === 0) {
    process.stdout.write('No sandboxes. Make one with "sandbox up".\n');
    return;
  }
  const now = Date.now();
  process.stdout.write(
    formatTable(
      ['NAME', 'STATE', 'AGE', 'EXPIRES', 'PORTS', 'REPOSITORY'],
      rows.map(({ info, urls }) => [
        sandboxName(info),
        info.state,
        shortDuration(now - info.createdAt.getTime()),
        info.expiresAt === undefined ? '' : shortDuration(info.expiresAt.getTime() - now),
        urls.map(([port, url]) => `${new URL(url).port}→${port}`).join(' '),
        info.labels[LABELS.repoDir] ?? '',
      ]),
    ),
  );
}
