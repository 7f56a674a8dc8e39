import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { ByteStream } from '@iterate/sandbox-provider';
import { SandboxError } from '@iterate/sandbox-provider';
import { extract } from 'tar-stream';

/** A numeric user and group. */
export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The numeric ids of a container's `User`: `name`, `uid`, `name:group` or `uid:gid`.
 *
 * @param readPasswd Archive with `/etc/passwd` of the image; read only when a name has to be looked up.
 */
export async function resolveOwner(user: string, readPasswd: () => Promise<ByteStream>): Promise<FileOwner> {
  const [name = '', group] = user.split(':');
  if (name === '' || name === 'root') return { uid: 0, gid: numeric(group) ?? 0 };
  const uid = numeric(name);
  if (uid !== undefined) return { uid, gid: numeric(group) ?? 0 };
  const line = (await firstFile(await readPasswd()))
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , entryUid, entryGid] = line?.split(':') ?? [];
  const found = { uid: numeric(entryUid), gid: numeric(group) ?? numeric(entryGid) };
  if (found.uid === undefined || found.gid === undefined)
    throw new SandboxError('ProviderError', `The image's user ${name} is not in its /etc/passwd.`, {
      provider: 'docker',
      retryable: false,
    });
  return { uid: found.uid, gid: found.gid };
}

function numeric(value: string | undefined): number | undefined {
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}

async function firstFile(archive: ByteStream): Promise<string> {
  const entries = Readable.from(archive, { objectMode: false }).pipe(extract());
  // Leaving the loop destroys the entry, so it is read to its end before.
  for await (const entry of entries) return await text(entry);
  return '';
}
