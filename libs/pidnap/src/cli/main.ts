import { isPidnapError } from '../pidnap-error.js';
import { exitCodeOf } from './exit-codes.js';
import { plainInit } from './plain-init.js';
import { surviveBrokenPipes } from './stdio.js';

/** Runs one command line. @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  surviveBrokenPipes();
  try {
    const options = plainInit(args);
    if (options) return await (await import('./init.js')).init(options);
    return await (await import('./run-program.js')).runProgram(args);
  } catch (error) {
    if (!isPidnapError(error)) throw error;
    if (args.includes('--json')) process.stderr.write(`${JSON.stringify({ error: error.toJSON() })}\n`);
    else process.stderr.write(`pidnap: ${error.message}\n`);
    return exitCodeOf(error.code);
  }
}
