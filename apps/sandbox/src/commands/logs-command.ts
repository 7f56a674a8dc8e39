import { isSandboxError, type Sandbox } from '@iterate/sandbox-provider';
import { attachProcess } from '../attach-process.js';
import { CliError } from '../cli-error.js';
import type { CommandContext } from '../context.js';

/** Options of `sandbox logs`. */
export interface LogsFlags {
  /** A service or task; without it the container's own output. */
  readonly service?: string;
  readonly follow?: boolean;
  readonly tail?: number;
}

const LOG_DIR = '/var/log/pidnap';

/** `sandbox logs` @returns the exit code */
export async function logsCommand(
  context: CommandContext,
  name: string | undefined,
  flags: LogsFlags,
): Promise<number> {
  const { sandbox } = await context.find(name);
  if (flags.service === undefined) return containerLogs(sandbox, flags, context.signal);
  const file = await logFile(sandbox, flags.service);
  if (flags.follow === true || flags.tail !== undefined) {
    const lines = flags.tail === undefined ? '+1' : String(flags.tail);
    const argv = ['tail', '-n', lines, ...(flags.follow === true ? ['-F'] : []), file];
    return attachProcess(sandbox, argv, { interactive: false, signal: context.signal });
  }
  process.stdout.write(await sandbox.fs.read(file));
  return 0;
}

async function containerLogs(
  sandbox: Sandbox,
  { follow = false, tail }: LogsFlags,
  signal: AbortSignal,
): Promise<number> {
  for await (const line of sandbox.logs({ follow, signal, ...(tail === undefined ? {} : { tail }) })) {
    const target = line.stream === 'stderr' ? process.stderr : process.stdout;
    target.write(`${line.text}\n`);
  }
  return 0;
}

/** Log files are found by name among those that exist, so that no name leads outside their folder. */
async function logFile(sandbox: Sandbox, service: string): Promise<string> {
  const known: string[] = [];
  for (const folder of ['process', 'tasks']) {
    for (const file of await logFiles(sandbox, `${LOG_DIR}/${folder}`)) {
      if (file === `${service}.log`) return `${LOG_DIR}/${folder}/${file}`;
      known.push(file.replace(/\.log$/, ''));
    }
  }
  const have = known.length === 0 ? 'It has no logs yet.' : `It has: ${known.join(', ')}.`;
  throw new CliError('Usage', `The sandbox has no log of "${service}". ${have}`, { option: 'service' });
}

async function logFiles(sandbox: Sandbox, directory: string): Promise<string[]> {
  try {
    return (await sandbox.fs.list(directory)).map(({ name }) => name).filter((name) => name.endsWith('.log'));
  } catch (error) {
    if (isSandboxError(error, 'FileNotFound')) return [];
    throw error;
  }
}
