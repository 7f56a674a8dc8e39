import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { type CreateEvent, SandboxError, type ValidSandboxSpec } from '@iterate/sandbox-provider';
import { guarded } from './daytona-error.js';
import type { DaytonaExtra } from './daytona-extra.js';
import { DaytonaSandbox } from './daytona-sandbox.js';
import type { DaytonaSdk, SandboxDto } from './daytona-sdk.js';
import { httpFailure } from './http-failure.js';
import { Inside, isMissing } from './inside.js';
import { withRetry } from './retry.js';
import { ATTEMPT_LABEL, labelsFor, memoryOf } from './sandbox-labels.js';
import type { SnapshotClient } from './snapshot-client.js';
import { waitUntil } from './wait-until.js';

const MINUTE_MS = 60_000;

/** What a create works with. */
export interface CreateParts {
  readonly sdk: DaytonaSdk;
  readonly snapshots: SnapshotClient;
  readonly background: Set<Promise<void>>;
}

/** How a create is watched. */
export interface CreateWatch {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: CreateEvent) => void) | undefined;
}

/** Creates a sandbox and waits until it runs. One that does not get there is removed again. */
export async function createSandbox(
  parts: CreateParts,
  spec: ValidSandboxSpec,
  extra: DaytonaExtra,
  { signal, onEvent }: CreateWatch,
): Promise<DaytonaSandbox> {
  const { sdk, snapshots, background } = parts;
  const name = sandboxName(spec);
  const attempt = randomUUID();
  const endpoint = sdk.access.apiUrl;
  const context = { operation: `create the sandbox ${name}`, endpoint, signal };
  onEvent?.({ step: 'looking up the snapshot' });
  const limits = { timeoutMs: extra.createTimeoutMs, signal };
  await snapshots.waitUntilActive(spec.image, limits);
  signal?.throwIfAborted();
  onEvent?.({ step: 'creating the sandbox' });
  const { dto, own } = await guarded(context, () => post(sdk, spec, extra, name, attempt));
  const sandbox = new DaytonaSandbox(new Inside(sdk, dto.id, background));
  if (!own) {
    await waitUntilStarted(sdk, dto.id, limits);
    await sandbox.start();
    return sandbox;
  }
  try {
    signal?.throwIfAborted();
    onEvent?.({ step: 'starting the sandbox' });
    await waitUntilStarted(sdk, dto.id, limits);
    await sandbox.start(signal === undefined ? {} : { signal });
    return sandbox;
  } catch (error) {
    await sandbox.destroy();
    return guarded(context, () => Promise.reject(error));
  }
}

/**
 * Asks for the sandbox. It is not abortable: an aborted request may still have made one. One whose answer
 * was lost is found again by its name and the label of this attempt.
 *
 * @returns `own: false` for the one that an earlier create with the same key made
 */
async function post(
  sdk: DaytonaSdk,
  spec: ValidSandboxSpec,
  extra: DaytonaExtra,
  name: string,
  attempt: string,
): Promise<{ dto: SandboxDto; own: boolean }> {
  const request = {
    name,
    snapshot: spec.image,
    env: spec.env,
    labels: { ...labelsFor(spec), [ATTEMPT_LABEL]: attempt },
    public: extra.public,
    networkBlockAll: extra.networkBlockAll,
    target: sdk.access.target,
    ...(spec.user === undefined ? {} : { user: spec.user }),
    ...(extra.autoStopMinutes === undefined ? {} : { autoStopInterval: extra.autoStopMinutes }),
    ...(extra.autoArchiveMinutes === undefined ? {} : { autoArchiveInterval: extra.autoArchiveMinutes }),
    ...(extra.autoDeleteMinutes === undefined ? {} : { autoDeleteInterval: extra.autoDeleteMinutes }),
    ...(spec.ttlMs === undefined ? {} : { ttlMinutes: Math.ceil(spec.ttlMs / MINUTE_MS) }),
  };
  try {
    const { data } = await withRetry(() => sdk.sandboxes.createSandbox(request));
    return { dto: data, own: true };
  } catch (error) {
    const { status, noAnswer } = httpFailure(error);
    if (status !== 409 && status !== 502 && !noAnswer) throw error;
    const existing = await find(sdk, name);
    if (existing?.labels[ATTEMPT_LABEL] === attempt) return { dto: existing, own: true };
    const sameKey =
      spec.idempotencyKey !== undefined &&
      memoryOf(existing?.labels ?? {}).idempotencyKey === spec.idempotencyKey;
    if (existing !== undefined && sameKey) return { dto: existing, own: false };
    throw error;
  }
}

async function find(sdk: DaytonaSdk, name: string): Promise<SandboxDto | undefined> {
  try {
    return (await withRetry(() => sdk.sandboxes.getSandbox(name))).data;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A sandbox that was created by now is `started`, or stopped again by its clocks. */
async function waitUntilStarted(
  sdk: DaytonaSdk,
  id: string,
  limits: { timeoutMs: number; signal?: AbortSignal | undefined },
): Promise<void> {
  await waitUntil('waiting for the sandbox to start', limits, async () => {
    const { data } = await withRetry(() => sdk.sandboxes.getSandbox(id), { signal: limits.signal });
    const { state = 'unknown', errorReason } = data;
    if (state === 'error' || state === 'build_failed')
      throw new SandboxError(
        'ProviderError',
        `The sandbox failed to start (${state}): ${errorReason ?? 'no reason given'}`,
        {
          provider: 'daytona',
          retryable: false,
        },
      );
    return state === 'started' || state === 'stopped' || state === 'archived' ? true : undefined;
  });
}

/** Names are unique in an organization, so a name made from the key lets the service itself refuse a second create. */
function sandboxName({ name, idempotencyKey }: ValidSandboxSpec): string {
  if (name !== undefined) return name;
  if (idempotencyKey === undefined) return `sandbox-${randomBytes(6).toString('hex')}`;
  return `sandbox-${createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 16)}`;
}
