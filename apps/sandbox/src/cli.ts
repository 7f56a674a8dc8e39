#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { CommanderError } from 'commander';
import pc from 'picocolors';
import { EXIT_CODES, exitCodeOf } from './exit-code.js';
import { createProgram, type Outcome } from './program.js';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // A second one does not wait for the cleaning up.
    if (interrupted.signal.aborted) process.exit(EXIT_CODES.interrupted);
    interrupted.abort(new Error(`Interrupted by ${signal}.`));
  });
}

const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
const outcome: Outcome = { exitCode: EXIT_CODES.ok };
const program = createProgram(version, interrupted.signal, outcome);
try {
  await program.parseAsync();
} catch (error) {
  const exitCode = report(error, outcome.verbose ?? false);
  outcome.exitCode = exitCode === EXIT_CODES.interrupted ? exitCode : (outcome.failureCode ?? exitCode);
}
// Sockets to the engine are closed by now; a pending read of stdin is not a reason to stay.
process.exitCode = outcome.exitCode;
process.stdin.unref?.();

/** Prints an error as one clear line, and returns the exit code. */
function report(error: unknown, verbose: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
  if (interrupted.signal.aborted) {
    process.stderr.write(`${pc.yellow('Interrupted.')} Nothing half-made was left behind.\n`);
    return EXIT_CODES.interrupted;
  }
  const message = error instanceof Error ? (verbose ? error.stack : error.message) : String(error);
  process.stderr.write(`${pc.red('error:')} ${message}\n`);
  if (verbose && error instanceof Error && error.cause !== undefined)
    console.error('caused by:', error.cause);
  return exitCodeOf(error);
}
