import colors from 'picocolors';
import type { ManagerStatus } from '../protocol/info.js';
import { formatBytes, formatDuration, formatState } from './format.js';
import type { CommandContext } from './program.js';
import { printJson, printLine } from './stdio.js';

/** `pidnap status` */
export async function status({ client, json }: CommandContext): Promise<void> {
  const status = await client().status();
  if (json) return printJson(status);
  printLine(
    `manager    ${status.state}, ${status.ready ? colors.green('ready') : colors.yellow('not ready')}`,
  );
  for (const sentence of status.notReady) printLine(`           ${sentence}`);
  printLine(`version    ${status.version}`);
  printLine(`pid        ${status.pid}`);
  printLine(`uptime     ${formatDuration(status.uptimeMs)}`);
  printLine(`memory     ${formatBytes(status.rssBytes)}`);
  printLine(`config     ${status.configFile ?? '-'}`);
  printLine(`logs       ${status.logDir}`);
  printLine(`tasks      ${formatCounts(status.tasks)}`);
  printLine(`processes  ${formatCounts(status.processes)}`);
}

function formatCounts(counts: ManagerStatus['processes']): string {
  const parts = (Object.entries(counts) as [keyof typeof counts, number][]).map(
    ([state, count]) => `${count} ${formatState(state)}`,
  );
  return parts.join(', ') || 'none';
}
