import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ByteStream, SandboxError } from '@iterate/sandbox-provider';
import type { Inside } from './inside.js';
import { withRetry } from './retry.js';

const CODE_NOT_FOUND = 44;
const CODE_NO_TAR = 45;
const NEEDS_TAR = `command -v tar >/dev/null || exit ${CODE_NO_TAR}`;
const UNPACK = `${NEEDS_TAR}
[ -d "$1" ] || exit ${CODE_NOT_FOUND}
tar -xpf "$2" -C "$1"`;
const PACK = `${NEEDS_TAR}
[ -e "$1" ] || [ -L "$1" ] || exit ${CODE_NOT_FOUND}
umask 077; tar -cf "$2" -C "$3" -- "$4"`;

/** Unpacks a tar stream inside. It is kept in a file here first, so that an upload can be repeated. */
export async function putArchive(
  inside: Inside,
  tar: ByteStream,
  directory: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const spool = await mkdtemp(join(tmpdir(), 'iterate-upload-'));
  const remote = remoteFile();
  try {
    const local = join(spool, 'archive.tar');
    await pipeline(Readable.from(tar, { objectMode: false }), createWriteStream(local, { mode: 0o600 }), {
      signal,
    });
    const operation = `write to ${directory}`;
    await inside.call(operation, ({ fs }) =>
      withRetry(
        () => fs.uploadFileStream(createReadStream(local), remote, signal === undefined ? {} : { signal }),
        {
          signal,
        },
      ),
    );
    // Removed by a command of its own: one whose answer is lost runs twice, and must find the archive again.
    const { exitCode, output } = await inside.run(operation, UNPACK, directory, remote);
    await inside.run(operation, 'rm -f "$1"', remote);
    if (exitCode !== 0) throw archiveError(exitCode, directory, operation, output);
  } finally {
    await rm(spool, { recursive: true, force: true });
  }
}

/** A tar stream of what is at `path`. */
export async function getArchive(
  inside: Inside,
  path: string,
  signal: AbortSignal | undefined,
): Promise<ByteStream> {
  const remote = remoteFile();
  const operation = `read ${path}`;
  const { exitCode, output } = await inside.run(
    operation,
    PACK,
    path,
    remote,
    posix.dirname(path),
    posix.basename(path),
  );
  const remove = () => inside.run(operation, 'rm -f "$1"', remote);
  if (exitCode !== 0) {
    await remove();
    throw archiveError(exitCode, path, operation, output);
  }
  const stream = await inside.call(operation, ({ fs }) =>
    withRetry(() => fs.downloadFileStream(remote, signal === undefined ? {} : { signal }), { signal }),
  );
  return (async function* () {
    try {
      for await (const chunk of stream) yield chunk as Uint8Array;
    } finally {
      inside.later(remove());
    }
  })();
}

function remoteFile(): string {
  return `/tmp/.iterate-archive-${randomUUID()}.tar`;
}

function archiveError(code: number, path: string, operation: string, output: string): SandboxError {
  if (code === CODE_NOT_FOUND)
    return new SandboxError('FileNotFound', `There is nothing at ${path} in the sandbox.`, { path });
  const message =
    code === CODE_NO_TAR
      ? `Failed to ${operation}: the image has no tar, which moving files on Daytona needs.`
      : `Failed to ${operation}: ${output.trim()}`;
  return new SandboxError('ProviderError', message, { provider: 'daytona', retryable: false });
}
