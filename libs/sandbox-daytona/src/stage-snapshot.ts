import { setTimeout as sleep } from 'node:timers/promises';
import { isSandboxError } from '@iterate/sandbox-provider';
import * as z from 'zod';
import { type DaytonaConfig, findDaytonaAccess, parseDaytonaConfig } from './daytona-access.js';
import { DaytonaSdk, type SnapshotDto } from './daytona-sdk.js';
import { parseInput } from './parse-input.js';
import { SnapshotClient } from './snapshot-client.js';
import { checkImageReference } from './snapshot-rules.js';
import { stageSnapshotName } from './stage-snapshot-name.js';

/** Names differ by the second. */
const NAME_STEP_MS = 1_000;
const NAME_ATTEMPTS = 5;

const optionsSchema = z.strictObject({
  stage: z.string(),
  image: z.string(),
  entrypoint: z.array(z.string()).min(1).optional(),
  resources: z
    .strictObject({
      cpu: z.int().positive().exactOptional(),
      memoryGib: z.int().positive().exactOptional(),
      diskGib: z.int().positive().max(10, 'Daytona gives a sandbox at most 10 GiB of disk').exactOptional(),
    })
    .optional(),
  force: z.boolean().default(false),
  timeoutMs: z.int().positive().optional(),
});

/** Which snapshot to have. */
export interface StageSnapshotOptions {
  /** `prd`, `stg` or `dev-<user>`. */
  readonly stage: string;
  /**
   * The image in a registry that the service can reach, by digest: the digest is the key by which equal
   * content is found again. A tag works as well where it never moves.
   */
  readonly image: string;
  /** @default the image's own */
  readonly entrypoint?: readonly string[];
  /** What each sandbox of it gets. @default the service's */
  readonly resources?: { readonly cpu?: number; readonly memoryGib?: number; readonly diskGib?: number };
  /** Make a new one even when there is one of the same image. @default false */
  readonly force?: boolean;
  /** @default 1 hour */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Receives the lines of the service's pull. */
  readonly onLog?: (line: string) => void;
}

/** A snapshot that is active. */
export interface StageSnapshot {
  readonly id: string;
  /** What `create` takes as `image`. */
  readonly name: string;
  readonly image: string;
  /** Whether it was there before. */
  readonly reused: boolean;
}

/**
 * Makes sure that a stage has an active snapshot of an image: the newest of the stage with that image is used
 * again, and activated if the service has put it to rest; otherwise a new one is registered under the name
 * `<stage>--<YYYYMMDD-HHMMSS>` (UTC).
 *
 * @throws SandboxError `InvalidSpec`, `ProviderUnavailable`, `ProviderError`, `Timeout`, `Aborted`
 * @example
 * const { name } = await ensureStageSnapshot({}, { stage: 'prd', image: 'registry.example/app@sha256:…' });
 */
export async function ensureStageSnapshot(
  config: DaytonaConfig,
  options: StageSnapshotOptions,
): Promise<StageSnapshot> {
  const { signal, onLog, ...data } = options;
  const input = parseInput(optionsSchema, data, 'stage snapshot');
  checkImageReference(input.image);
  // The name is checked before anything changes.
  stageSnapshotName(input.stage, new Date());
  await using sdk = new DaytonaSdk(findDaytonaAccess(parseDaytonaConfig(config)));
  const snapshots = new SnapshotClient(sdk);
  const wait = { timeoutMs: input.timeoutMs, signal, onLog };
  const { stage, image, entrypoint, resources, force } = input;
  for (let attempt = 1; ; attempt += 1) {
    const existing = force ? undefined : await newest(snapshots, stage, image);
    if (existing !== undefined) {
      const { id, name } = await snapshots.waitUntilActive(existing.name, { ...wait, onLog: undefined });
      return { id, name, image, reused: true };
    }
    const name = stageSnapshotName(stage, new Date());
    try {
      const { id } = await snapshots.create({ name, image, entrypoint, resources }, wait);
      return { id, name, image, reused: false };
    } catch (error) {
      // Another snapshot of the stage was made in this very second.
      if (attempt === NAME_ATTEMPTS || !isSandboxError(error, 'Conflict')) throw error;
      await sleep(NAME_STEP_MS, undefined, signal === undefined ? {} : { signal });
    }
  }
}

/** Names hold the time, so the last in order is the newest. One that failed or is going is no use. */
async function newest(
  snapshots: SnapshotClient,
  stage: string,
  image: string,
): Promise<SnapshotDto | undefined> {
  const usable = new Set<SnapshotDto['state']>(['active', 'inactive', 'pending', 'pulling']);
  let found: SnapshotDto | undefined;
  for await (const snapshot of snapshots.list()) {
    const same = snapshot.imageName === image && snapshot.name.startsWith(`${stage}--`);
    if (same && usable.has(snapshot.state) && (found === undefined || snapshot.name > found.name))
      found = snapshot;
  }
  return found;
}
