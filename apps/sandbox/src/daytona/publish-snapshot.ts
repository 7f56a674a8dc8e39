import { ensureStageSnapshot, requestPushAccess, type StageSnapshot } from '@iterate/sandbox-daytona';
import { type EnsureImageOptions, ensureImage, type ImageResult } from '@iterate/sandbox-image';
import { execa } from 'execa';
import { withDockerLogin } from './docker-login.js';

/** What each sandbox of a snapshot gets. */
interface SnapshotResources {
  readonly cpu: number;
  readonly memoryGib: number;
  readonly diskGib: number;
}

/** Enough for the services and an agent; Daytona gives at most 10 GiB of disk. */
const DEFAULT_RESOURCES: SnapshotResources = { cpu: 2, memoryGib: 4, diskGib: 10 };

/** What to make a snapshot of, and how. */
export interface PublishOptions {
  /** `prd`, `stg` or `dev-<user>`. */
  readonly stage: string;
  readonly image: EnsureImageOptions;
  /** `host/path` that the service can pull from. @default the service's own registry */
  readonly registry?: string;
  readonly resources?: SnapshotResources;
  /** Make a new snapshot even when there is one of the same image. @default false */
  readonly force?: boolean;
  readonly signal: AbortSignal;
  /** Receives the lines of the service's pull. */
  readonly onLog: (line: string) => void;
}

/** A snapshot and the image in it. */
export interface PublishedSnapshot {
  readonly snapshot: StageSnapshot;
  readonly image: ImageResult;
}

/** Builds the image of a git ref, pushes it, and has Daytona make a snapshot of it, unless it has one. */
export async function publishSnapshot(options: PublishOptions): Promise<PublishedSnapshot> {
  const { stage, registry, force = false, resources = DEFAULT_RESOURCES, signal, onLog } = options;
  const image = { ...options.image, signal };
  const register = async (repository: string, pushed: ImageResult): Promise<PublishedSnapshot> => {
    const reference = `${repository}@${pushed.digest}`;
    const request = { stage, image: reference, resources, force, signal, onLog };
    return { image: pushed, snapshot: await ensureStageSnapshot({}, request) };
  };
  if (registry !== undefined)
    return register(registry, await ensureImage({ ...image, registry, push: true }));

  // Built before the login is asked for, which lasts only for a while.
  await ensureImage(image);
  const access = await requestPushAccess({});
  const repository = `${access.repository}/${image.name ?? 'iterate-sandbox'}`;
  return withDockerLogin(access, async () => {
    // It is on the engine, so this only pushes.
    const pushed = await ensureImage({ ...image, force: false, registry: repository, push: true });
    try {
      return await register(repository, pushed);
    } finally {
      await untag(repository);
    }
  });
}

/** Names that lead to a registry whose login expires are of no use on this engine. */
async function untag(repository: string): Promise<void> {
  const format = '{{.Repository}}:{{.Tag}}';
  const { stdout } = await execa('docker', ['image', 'ls', '--format', format, repository]);
  const tags = stdout.split('\n').filter((tag) => tag !== '' && !tag.endsWith(':<none>'));
  if (tags.length > 0) await execa('docker', ['rmi', '--no-prune', ...tags]);
}
