import type { SandboxStats } from '@iterate/sandbox-provider';
import type { CommandContext } from '../context.js';
import { formatBytes } from '../display/format-bytes.js';
import { formatTable } from '../display/format-table.js';
import { listSandboxes, sandboxName } from '../find-sandbox.js';

/** `sandbox stats`: of one sandbox, or of all that run. */
export async function statsCommand(
  context: CommandContext,
  name: string | undefined,
  flags: { json?: boolean },
): Promise<void> {
  const infos =
    name === undefined
      ? (await listSandboxes(context.connection)).filter(({ state }) => state === 'running')
      : [(await context.find(name)).info];
  const rows = await Promise.all(
    infos.map(async (info) => ({
      name: sandboxName(info),
      stats: await (await context.connection.get(info.id)).stats(),
    })),
  );
  if (flags.json === true) {
    process.stdout.write(
      `${JSON.stringify(
        rows.map((row) => ({ name: row.name, ...row.stats })),
        undefined,
        2,
      )}\n`,
    );
    return;
  }
  process.stdout.write(
    formatTable(
      ['NAME', 'CPU', 'MEMORY', 'PROCESSES', 'NET IN', 'NET OUT'],
      rows.map((row) => [row.name, ...statsCells(row.stats)]),
    ),
  );
}

function statsCells(stats: SandboxStats): string[] {
  const { cpus, memoryBytes, memoryLimitBytes, pids, networkRxBytes, networkTxBytes } = stats;
  const limit = memoryLimitBytes === undefined ? '' : ` of ${formatBytes(memoryLimitBytes)}`;
  return [
    `${(cpus * 100).toFixed(0)} %`,
    `${formatBytes(memoryBytes)}${limit}`,
    String(pids),
    formatBytes(networkRxBytes),
    formatBytes(networkTxBytes),
  ];
}
