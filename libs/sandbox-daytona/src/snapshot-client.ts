import { SandboxError } from '@iterate/sandbox-provider';
import { type CallContext, guarded, imageNotFound } from './daytona-error.js';
import type { DaytonaSdk, SnapshotDto } from './daytona-sdk.js';
import { httpFailure } from './http-failure.js';
import { isMissing } from './inside.js';
import { withRetry } from './retry.js';
import { followSnapshotLog, snapshotLogTail } from './snapshot-log.js';
import { checkImageReference, checkSnapshotName } from './snapshot-rules.js';
import { waitUntil } from './wait-until.js';

/** The service itself gives up a pull or build after an hour. */
const DEFAULT_SNAPSHOT_TIMEOUT_MS = 60 * 60_000;
const REMOVE_TIMEOUT_MS = 120_000;
const PAGE = 100;

/** What a snapshot is made from. */
export interface SnapshotRequest {
  readonly name: string;
  /** Reference that the service can pull, with a fixed tag or a digest. */
  readonly image: string;
  /** @default the image's own */
  readonly entrypoint?: readonly string[] | undefined;
  /** What each sandbox of it gets; it cannot be changed later. @default the service's */
  readonly resources?:
    | { readonly cpu?: number; readonly memoryGib?: number; readonly diskGib?: number }
    | undefined;
}

/** How to wait for a snapshot. */
export interface SnapshotWait {
  /** @default 1 hour */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Receives the lines of the pull or build. */
  readonly onLog?: ((line: string) => void) | undefined;
}

/** The snapshots of the organization. */
export class SnapshotClient {
  readonly #sdk: DaytonaSdk;

  constructor(sdk: DaytonaSdk) {
    this.#sdk = sdk;
  }

  async find(name: string, signal?: AbortSignal): Promise<SnapshotDto | undefined> {
    return this.#call('look up a snapshot', { signal }, async () => {
      try {
        return (await withRetry(() => this.#sdk.snapshots.getSnapshot(name), { signal })).data;
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    });
  }

  async *list(): AsyncGenerator<SnapshotDto> {
    for (let page = 1, pages = 1; page <= pages; page += 1) {
      const { items, totalPages } = await this.#call('list snapshots', {}, () =>
        withRetry(async () => (await this.#sdk.snapshots.getAllSnapshots(undefined, page, PAGE)).data),
      );
      yield* items;
      pages = totalPages;
    }
  }

  /**
   * Registers a snapshot and waits until it is active.
   *
   * @throws SandboxError `InvalidSpec`, `Conflict`, `Timeout`, `Aborted`, `ProviderError` with the reason and
   * the end of the log
   */
  async create(request: SnapshotRequest, wait: SnapshotWait = {}): Promise<SnapshotDto> {
    const { name, image, entrypoint, resources = {} } = request;
    checkSnapshotName(name);
    checkImageReference(image);
    const { signal } = wait;
    let attempts = 0;
    await this.#call(`create the snapshot ${name}`, { signal }, () =>
      withRetry(
        async () => {
          attempts += 1;
          try {
            await this.#sdk.snapshots.createSnapshot({
              name,
              imageName: image,
              ...(entrypoint === undefined ? {} : { entrypoint: [...entrypoint] }),
              ...(resources.cpu === undefined ? {} : { cpu: resources.cpu }),
              ...(resources.memoryGib === undefined ? {} : { memory: resources.memoryGib }),
              ...(resources.diskGib === undefined ? {} : { disk: resources.diskGib }),
              regionId: this.#sdk.access.target,
            });
          } catch (error) {
            // The first try may have been carried out and only its answer lost.
            const lost = attempts > 1 && httpFailure(error).status === 409;
            if (!lost || (await this.find(name, signal))?.imageName !== image) throw error;
          }
        },
        { signal },
      ),
    );
    return this.waitUntilActive(name, wait);
  }

  /**
   * Waits until a snapshot is active, activating one that the service has put to rest.
   *
   * @throws SandboxError `ImageNotFound`, `Timeout`, `Aborted`, `ProviderError`
   */
  async waitUntilActive(name: string, wait: SnapshotWait = {}): Promise<SnapshotDto> {
    const { timeoutMs = DEFAULT_SNAPSHOT_TIMEOUT_MS, signal, onLog } = wait;
    const followed = new AbortController();
    let following: Promise<void> | undefined;
    try {
      return await waitUntil(`waiting for the snapshot ${name}`, { timeoutMs, signal }, async (limit) => {
        const snapshot = await this.find(name, limit);
        if (snapshot === undefined) throw imageNotFound(name);
        const { state, id } = snapshot;
        if (state === 'active') {
          // The stream has ended, or is about to; what was printed last must not be missed.
          if (onLog !== undefined) await (following ?? this.#replay(id, onLog));
          return snapshot;
        }
        if (state === 'error' || state === 'build_failed') throw await this.#failure(snapshot);
        if (state === 'removing')
          throw new SandboxError('Conflict', `The snapshot ${name} is being removed.`, { subject: name });
        if (state === 'inactive') await this.#activate(name, id, limit);
        else if (onLog !== undefined && state !== 'pending')
          following ??= followSnapshotLog(this.#sdk, id, onLog, followed.signal);
        return undefined;
      });
    } finally {
      followed.abort();
      await following;
    }
  }

  /** Removes a snapshot and waits until it is gone. One that is gone already is no error. */
  async remove(name: string): Promise<void> {
    const snapshot = await this.find(name);
    if (snapshot === undefined) return;
    if (snapshot.state !== 'removing')
      await this.#call(`remove the snapshot ${name}`, {}, () =>
        withRetry(async () => {
          try {
            await this.#sdk.snapshots.removeSnapshot(snapshot.id);
          } catch (error) {
            if (!isMissing(error)) throw error;
          }
        }),
      );
    await waitUntil(`waiting for the snapshot ${name} to go`, { timeoutMs: REMOVE_TIMEOUT_MS }, async () =>
      (await this.find(snapshot.id)) === undefined ? true : undefined,
    );
  }

  async #activate(name: string, id: string, signal: AbortSignal): Promise<void> {
    try {
      await withRetry(() => this.#sdk.snapshots.activateSnapshot(id), { signal });
    } catch (error) {
      // Another client may have been first.
      const now = await this.find(name, signal);
      if (now?.state !== 'inactive') return;
      await this.#call(`activate the snapshot ${name}`, { signal }, () => Promise.reject(error));
    }
  }

  async #replay(id: string, onLog: (line: string) => void): Promise<void> {
    for (const line of await snapshotLogTail(this.#sdk, id)) if (line !== '') onLog(line);
  }

  async #failure({ id, name, state, errorReason }: SnapshotDto): Promise<SandboxError> {
    const tail = await snapshotLogTail(this.#sdk, id);
    return new SandboxError(
      'ProviderError',
      `The snapshot ${name} failed (${state}): ${errorReason ?? 'no reason given'}. Its log ended:\n${tail.join('\n')}`,
      { provider: 'daytona', retryable: false },
    );
  }

  #call<Result>(operation: string, more: Partial<CallContext>, call: () => Promise<Result>): Promise<Result> {
    return guarded({ operation, endpoint: this.#sdk.access.apiUrl, ...more }, call);
  }
}
