import { type DriverImages, type ImageInfo, SandboxError } from '@iterate/sandbox-provider';
import type { DaytonaSdk } from './daytona-sdk.js';
import { withRetry } from './retry.js';
import type { SnapshotClient } from './snapshot-client.js';

const BYTES_PER_GIB = 1024 ** 3;
const PAGE = 100;

/** Snapshots as the images of this provider. */
export function daytonaImages(sdk: DaytonaSdk, snapshots: SnapshotClient): DriverImages {
  return {
    async has(reference) {
      const snapshot = await snapshots.find(reference);
      return snapshot?.state === 'active' || snapshot?.state === 'inactive';
    },
    /** Snapshots have no labels: a filter by label finds none. */
    async list({ labels = {} } = {}) {
      if (Object.keys(labels).length > 0) return [];
      const images: ImageInfo[] = [];
      for await (const { id, name, size, createdAt } of snapshots.list())
        images.push({
          id,
          tags: [name],
          labels: {},
          sizeBytes: Math.round((size ?? 0) * BYTES_PER_GIB),
          createdAt: new Date(createdAt),
        });
      return images;
    },
    async remove(reference) {
      const snapshot = await snapshots.find(reference);
      if (snapshot === undefined) return;
      const user = await firstUser(sdk, snapshot.name);
      if (user !== undefined)
        throw new SandboxError('Conflict', `The snapshot ${snapshot.name} is used by the sandbox ${user}.`, {
          subject: snapshot.name,
        });
      await snapshots.remove(snapshot.name);
    },
  };
}

async function firstUser(sdk: DaytonaSdk, snapshot: string): Promise<string | undefined> {
  let cursor: string | undefined;
  do {
    const { data } = await withRetry(() => sdk.sandboxes.listSandboxes(undefined, cursor, PAGE));
    const user = data.items.find((item) => item.snapshot === snapshot);
    if (user !== undefined) return user.name;
    cursor = data.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return undefined;
}
