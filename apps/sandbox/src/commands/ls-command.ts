import Table from 'cli-table3';
import type { CommandContext } from '../context.js';
import { listSandboxes, sandboxName } from '../find-sandbox.js';
import { LABELS } from '../sandbox-labels.js';

/** `sandbox ls` */
export async function lsCommand({ connection }: CommandContext, flags: { json?: boolean }): Promise<void> {
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
      urls: Object.fromEntries(urls),
    }));
    process.stdout.write(`${JSON.stringify(list, undefined, 2)}\n`);
    return;
  }
  if (rows.length === 0) {
    process.stdout.write('No sandboxes. Make one with "sandbox up".\n');
    return;
  }
  const table = new Table({
    head: ['NAME', 'STATE', 'AGE', 'PORTS', 'REPOSITORY'],
    chars: BORDERLESS,
    style: STYLE,
  });
  for (const { info, urls } of rows) {
    const ports = urls.map(([port, url]) => `${new URL(url).port}→${port}`).join(' ');
    table.push([
      sandboxName(info),
      info.state,
      age(info.createdAt),
      ports,
      info.labels[LABELS.repoDir] ?? '',
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
}

const BORDERLESS = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map((part) => [part, '']),
);
const STYLE = { head: [], 'padding-left': 0, 'padding-right': 3 };

/** The largest whole unit. */
export function age(since: Date, now = new Date()): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - since.getTime()) / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
