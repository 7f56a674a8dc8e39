import { CommanderError } from 'commander';
import { isPidnapError } from '../pidnap-error.js';
import { exitCodeOf, exitCodes } from './exit-codes.js';
import { createProgram } from './program.js';
import { surviveBrokenPipes } from './stdio.js';

/** Runs one command line. @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  surviveBrokenPipes();
  let code: number = exitCodes.ok;
  const program = createProgram((next) => {
    code = next;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    // Commander has printed its own message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (!isPidnapError(error)) throw error;
    if (args.includes('--json')) process.stderr.write(`${JSON.stringify({ error: error.toJSON() })}\n`);
    else process.stderr.write(`pidnap: ${error.message}\n`);
    return exitCodeOf(error.code);
  }
}
