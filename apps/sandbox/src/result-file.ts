import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { CliError } from './cli-error.js';

/** A file in which a result is left for scripts and for Nx. */
export interface ResultFile {
  write(content: string): Promise<void>;
}

/**
 * Checks a path before any work is done for it. In a repository it must be ignored: it would be part of the next image,
 * and so make every image differ from the one before.
 */
export async function resultFile(path: string): Promise<ResultFile> {
  const { exitCode } = await execa('git', ['check-ignore', '--quiet', '--no-index', path], {
    cwd: dirname(path),
    reject: false,
  });
  const notIgnored = 1;
  if (exitCode === notIgnored) {
    throw new CliError(
      'Usage',
      `git does not ignore ${path}: add it to .gitignore, or it is in the next image.`,
      {
        option: '--out',
      },
    );
  }
  return { write: (content) => writeFile(path, content) };
}
