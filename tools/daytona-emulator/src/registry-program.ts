import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { ApiError } from './api-error.js';

const NAME = 'docker-registry';
const run = promisify(execFile);

/**
 * The registry program of Debian: the installed one, or one that is unpacked into the user's cache, for which no
 * root is needed and which leaves no service behind.
 *
 * @throws ApiError 501 where neither is possible
 */
export async function findRegistryProgram(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'iterate-daytona-emulator');
  const cached = join(cache, NAME, 'usr/bin', NAME);
  const installed = (process.env.PATH ?? '').split(delimiter).map((dir) => join(dir, NAME));
  for (const program of [...installed, cached]) if (await exists(program)) return program;
  try {
    await unpack(cache);
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim() : String(error);
    throw new ApiError(
      501,
      `The emulator has no registry to push to: it serves Debian's package ${NAME}, which is not installed and could not be fetched (${reason}). Install it, or push to a registry of your own.`,
    );
  }
  return cached;
}

async function unpack(cache: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, 'draft-'));
  try {
    await run('apt-get', ['download', NAME], { cwd: draft });
    const [archive = ''] = (await readdir(draft)).filter((name) => name.endsWith('.deb'));
    await run('dpkg-deb', ['-x', archive, 'unpacked'], { cwd: draft });
    await rename(join(draft, 'unpacked'), join(cache, NAME)).catch(async (error: unknown) => {
      // Another emulator was first.
      if (!(await exists(join(cache, NAME)))) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
