import type { Connection } from './connection.js';
import type { SandboxInfo } from './driver.js';
import { isSandboxError } from './sandbox-error.js';

/**
 * Destroys the sandboxes that have expired. A provider without a clock of its own (Docker) needs somebody to
 * call this; sandboxes outlive their expiry until somebody does.
 *
 * @returns what was destroyed
 */
export async function reapExpired(
  connection: Pick<Connection, 'get' | 'list'>,
  options: { now?: Date } = {},
): Promise<readonly SandboxInfo[]> {
  const now = options.now ?? new Date();
  const reaped: SandboxInfo[] = [];
  for await (const info of connection.list()) {
    if (info.expiresAt === undefined || info.expiresAt > now) continue;
    // Looked up again: it may have been extended, or removed by another reaper, since it was listed.
    const current = await connection.get(info.id).catch(ignoreNotFound);
    const fresh = await current?.info().catch(ignoreNotFound);
    if (current === undefined || fresh?.expiresAt === undefined || fresh.expiresAt > now) continue;
    await current.destroy();
    reaped.push(fresh);
  }
  return reaped;
}

function ignoreNotFound(error: unknown): undefined {
  if (!isSandboxError(error, 'SandboxNotFound')) throw error;
  return undefined;
}
