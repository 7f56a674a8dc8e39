import { join } from 'node:path';
import { execa } from 'execa';

const PROGRAM = join(import.meta.dirname, '../dist/cli.js');

/** What a run of the command gave. */
export interface CommandOutcome {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built `sandbox` command as a user does. */
export function sandboxCommand(options: { env: Record<string, string>; cwd: string }) {
  return async (args: readonly string[], input?: string): Promise<CommandOutcome> => {
    const { exitCode, stdout, stderr } = await execa(process.execPath, [PROGRAM, ...args], {
      ...options,
      // Runners such as Nx ask for colours.
      env: { ...options.env, FORCE_COLOR: undefined, NO_COLOR: '1' },
      reject: false,
      ...(input === undefined ? { stdin: 'ignore' } : { input }),
    });
    return { exitCode, stdout, stderr };
  };
}
