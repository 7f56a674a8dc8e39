import type { Command } from './config.js';

/** A command line for the shell, or the program and its arguments as given. */
export function resolveCommand(command: Command): readonly [string, ...string[]] {
  return typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
}
