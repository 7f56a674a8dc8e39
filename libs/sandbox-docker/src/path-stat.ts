import type { IncomingMessage } from 'node:http';
import type { FileStat } from '@iterate/sandbox-provider';
import type Docker from 'dockerode';
import * as z from 'zod';
import { statusCode } from './docker-error.js';

// The engine sends the mode in Go's layout, whose type bits differ from those of stat(2).
const GO_DIRECTORY = 2 ** 31;
const GO_SYMLINK = 2 ** 27;
const GO_SPECIAL = 2 ** 26 + 2 ** 25 + 2 ** 24 + 2 ** 21 + 2 ** 19;

const statHeader = z.object({
  size: z.number(),
  mode: z.number(),
  mtime: z.coerce.date(),
  linkTarget: z.string(),
});

/**
 * What is at a path, by one request without a body; works while the container is stopped.
 *
 * @returns `undefined` when nothing is there. The target of a symlink is where it leads in the end.
 */
export async function pathStat(container: Docker.Container, path: string): Promise<FileStat | undefined> {
  let response: IncomingMessage;
  try {
    response = (await container.infoArchive({ path })) as unknown as IncomingMessage;
  } catch (error) {
    if (statusCode(error) !== 404) throw error;
    // The answer has no text that tells a missing path from a missing container.
    await container.inspect();
    return undefined;
  }
  response.resume();
  return parsePathStat(String(response.headers['x-docker-container-path-stat']));
}

/** Reads the engine's base64 header. */
export function parsePathStat(header: string): FileStat {
  const { size, mode, mtime, linkTarget } = statHeader.parse(
    JSON.parse(Buffer.from(header, 'base64').toString('utf8')),
  );
  return {
    type: fileType(mode),
    size,
    mode: mode & 0o777,
    modifiedAt: mtime,
    ...(linkTarget === '' ? {} : { target: linkTarget }),
  };
}

function fileType(mode: number): FileStat['type'] {
  if ((mode & GO_DIRECTORY) !== 0) return 'directory';
  if ((mode & GO_SYMLINK) !== 0) return 'symlink';
  return (mode & GO_SPECIAL) === 0 ? 'file' : 'other';
}
