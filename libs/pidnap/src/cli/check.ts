import { loadConfig } from '../config/load-config.js';
import { keepCompiled } from './compile-cache.js';
import type { CommandContext } from './program.js';
import { printJson, printLine } from './stdio.js';

/** `pidnap check [path]` */
export async function check({ json }: CommandContext, path?: string): Promise<void> {
  keepCompiled();
  const spec = await loadConfig(path === undefined ? {} : { path });
  const units = [...spec.units.values()];
  const tasks = units.filter(({ kind }) => kind === 'task').length;
  if (json) printJson({ valid: true, configFile: spec.configFile, tasks, processes: units.length - tasks });
  else printLine(`${spec.configFile} is valid: ${tasks} tasks, ${units.length - tasks} processes`);
}
