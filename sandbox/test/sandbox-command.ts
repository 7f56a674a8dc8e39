import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';

const program = join(import.meta.dirname, '../../apps/sandbox/dist/cli.js');

/** What `sandbox up --json` prints, as far as the tests read it. */
export interface UpOutput {
  readonly id: string;
  readonly name: string;
  readonly created: boolean;
  readonly urls: { readonly daemon: string; readonly opencode: string };
  readonly secrets: {
    readonly token: string;
    readonly opencodeUsername: string;
    readonly opencodePassword: string;
  };
  readonly services: Readonly<Record<string, { readonly state: string; readonly afterMs: number }>>;
}

/** {@link sandboxCommand} */
export type SandboxCommand = ReturnType<typeof sandboxCommand>;

/** Runs the built `sandbox` command in a repository, as a user does. */
export function sandboxCommand(cwd: string, env: Record<string, string> = {}) {
  const run = async (...args: string[]) =>
    (await execa(process.execPath, [program, ...args], { cwd, env })).stdout;
  return {
    run,
    /** Starts one that runs until it is ended, with its output line by line. */
    start(...args: string[]) {
      const process = execa(globalThis.process.execPath, [program, ...args], {
        cwd,
        env,
        reject: false,
        buffer: false,
      });
      return { process, lines: createInterface({ input: process.stdout }) };
    },
    up: async (...args: string[]) => JSON.parse(await run('up', '--json', ...args)) as UpOutput,
  };
}
