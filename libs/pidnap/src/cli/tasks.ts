import { formatDetail } from './detail.js';
import { formatDuration, formatState, formatTable } from './format.js';
import type { CommandContext } from './program.js';
import { printJson, printLine } from './stdio.js';

/** `pidnap tasks` and `pidnap tasks list` */
export async function listTasks({ client, json }: CommandContext): Promise<void> {
  const tasks = await client().tasks.list();
  if (json) return printJson(tasks);
  const rows = tasks.map((task) => [
    task.name,
    formatState(task.state),
    formatDuration(task.uptimeMs ?? task.lastExit?.uptimeMs ?? null),
    task.reason?.message ?? '',
  ]);
  printLine(formatTable(['NAME', 'STATE', 'DURATION', 'REASON'], rows));
}

/** `pidnap tasks get <name>` */
export async function getTask(
  { client, json }: CommandContext,
  name: string,
  options: { showSecrets?: boolean },
): Promise<void> {
  const task = await client().tasks.get(name, options);
  if (json) return printJson(task);
  printLine(formatDetail(task));
}

/** `pidnap tasks run <name>` */
export async function runTask({ client, json }: CommandContext, name: string): Promise<void> {
  const task = await client().tasks.run(name);
  if (json) return printJson(task);
  printLine(`${name} is ${formatState(task.state)}`);
}
