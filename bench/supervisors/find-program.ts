import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The path of a program: in the directories given, or else on the PATH. */
export function findProgram(name: string, first: readonly string[]): string | undefined {
  const directories = [...first, ...(process.env.PATH ?? '').split(delimiter)];
  return directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
}
