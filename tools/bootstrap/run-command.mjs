import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { StepError } from './step-error.mjs';

const TAIL_LINES = 25;

/**
 * Runs a command to its end. Its output goes line by line to `onLine` and is kept as a tail for the error.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, onLine?: (line: string) => void, wayOut?: string, timeoutMs?: number }} [options]
 * @returns {Promise<string>} Everything the command wrote to stdout.
 * @throws {StepError} When it cannot start, runs out of time, or exits with anything but 0.
 */
export async function runCommand(command, args, options = {}) {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs,
  });
  /** @type {string[]} */
  const tail = [];
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (line.trim() === '') return;
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      options.onLine?.(line);
    });
  }
  const shown = [command, ...args].join(' ');
  const wayOut = options.wayOut ?? `Run it by hand to see more: ${shown}`;
  return new Promise((resolve, reject) => {
    child.on('error', (cause) =>
      reject(new StepError(`${command} could not be started: ${cause.message}`, { wayOut, cause })),
    );
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(stdout);
      const end = signal ? `was ended by ${signal}` : `exited with ${code}`;
      reject(new StepError(`${command} ${args[0] ?? ''} ${end}`, { wayOut, output: tail.join('\n') }));
    });
  });
}
