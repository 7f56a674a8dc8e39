import { attachProcess } from '../attach-process.js';
import type { CommandContext } from '../context.js';

/** Options of `sandbox exec` and `sandbox shell`. */
export interface ExecFlags {
  readonly user?: string;
  readonly cwd?: string;
}

const LOGIN_SHELL = 'if [ -x /bin/bash ]; then exec /bin/bash -l; fi; exec /bin/sh -l';

/** `sandbox exec` @returns the command's exit code */
export async function execCommand(
  context: CommandContext,
  name: string | undefined,
  argv: readonly string[],
  flags: ExecFlags,
): Promise<number> {
  const { sandbox } = await context.find(name);
  const interactive = process.stdin.isTTY === true && process.stdout.isTTY === true;
  return attachProcess(sandbox, argv, { ...flags, interactive, signal: context.signal });
}

/** `sandbox shell` @returns the shell's exit code */
export function shellCommand(
  context: CommandContext,
  name: string | undefined,
  flags: ExecFlags,
): Promise<number> {
  return execCommand(context, name, ['/bin/sh', '-c', LOGIN_SHELL], flags);
}
