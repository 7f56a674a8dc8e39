import { type Connection, reapExpired } from '@iterate/sandbox-provider';
import { sandboxName } from './find-sandbox.js';
import type { PendingCreations } from './pending-creations.js';
import { LABELS } from './sandbox-labels.js';
import type { SecretStore } from './sandbox-secrets.js';

/**
 * Removes what should not be there: sandboxes that have expired, and what a killed run of the CLI left
 * half-made.
 *
 * @returns what was removed, in words
 */
export async function cleanUp(
  connection: Pick<Connection, 'get' | 'list'>,
  secrets: SecretStore,
  pending: PendingCreations,
): Promise<string[]> {
  const removed: string[] = [];
  for (const info of await reapExpired(connection)) {
    await secrets.remove(info.id);
    removed.push(`Removed ${sandboxName(info)}, which expired at ${info.expiresAt?.toISOString()}.`);
  }
  for (const session of await pending.dead()) {
    for await (const info of connection.list({ labels: { [LABELS.session]: session } })) {
      await (await connection.get(info.id)).destroy();
      await secrets.remove(info.id);
      removed.push(`Removed ${sandboxName(info)}, which an interrupted "sandbox up" had left half-made.`);
    }
    await pending.end(session);
  }
  return removed;
}
