import type { SandboxInfo, SandboxState } from '@iterate/sandbox-provider';
import type { SandboxDto, SandboxFacts } from './daytona-sdk.js';
import { callerLabels, memoryOf } from './sandbox-labels.js';

type NativeState = NonNullable<SandboxDto['state']>;

/** The contract's word for each of the service's. A state that is passing counts as the one it leaves. */
const STATES: Readonly<Record<NativeState, SandboxState>> = {
  pending_build: 'creating',
  building_snapshot: 'creating',
  pulling_snapshot: 'creating',
  creating: 'creating',
  restoring: 'stopped',
  starting: 'stopped',
  started: 'running',
  resizing: 'running',
  snapshotting: 'running',
  forking: 'running',
  pausing: 'running',
  stopping: 'running',
  paused: 'paused',
  resuming: 'paused',
  stopped: 'stopped',
  archiving: 'stopped',
  archived: 'stopped',
  error: 'failed',
  build_failed: 'failed',
  unknown: 'failed',
  destroying: 'destroying',
  destroyed: 'destroyed',
  '11184809': 'failed',
};

/** What the service says of a sandbox, in the contract's words. */
export function toSandboxInfo(dto: SandboxFacts): SandboxInfo {
  const nativeState = dto.state ?? 'unknown';
  return {
    id: dto.id,
    name: dto.name,
    state: isFirstStart(dto) ? 'creating' : STATES[nativeState],
    nativeState,
    image: dto.snapshot ?? '',
    labels: callerLabels(dto.labels),
    createdAt: new Date(dto.createdAt ?? 0),
    ports: memoryOf(dto.labels).ports,
    ...(dto.autoDestroyAt === undefined ? {} : { expiresAt: new Date(dto.autoDestroyAt) }),
    ...(dto.errorReason === undefined ? {} : { error: dto.errorReason }),
  };
}

/** `starting` follows `creating` as well as `stopped`; only the first start comes with no earlier activity. */
function isFirstStart({ state, createdAt, lastActivityAt }: SandboxFacts): boolean {
  return state === 'starting' && (lastActivityAt === undefined || lastActivityAt === createdAt);
}
