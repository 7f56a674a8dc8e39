import { randomBytes, randomUUID } from 'node:crypto';
import type { CreateSandbox, Sandbox } from '@daytona/api-client';
import type { LogSpool } from './log-spool.js';
import { builtTag, type SnapshotRecord } from './snapshots.js';
import type { Toolbox } from './toolbox.js';

/** The service's word for what a sandbox is doing. */
export type SandboxState = NonNullable<Sandbox['state']>;

/** A sandbox and what belongs to it. */
export interface SandboxRecord {
  dto: Sandbox;
  /** What the engine knows its container by, once it exists. */
  container: string | undefined;
  toolbox: Toolbox | undefined;
  previewToken: string;
  entrypoint: readonly string[];
  image: string;
  buildLog: LogSpool | undefined;
  lastActivityAt: number;
  stoppedAt: number | undefined;
  /** Ends with the last transition under way. */
  work: Promise<void>;
}

/** What the service gives where a request says nothing. */
const DEFAULTS = {
  autoStopInterval: 15,
  autoArchiveInterval: 7 * 24 * 60,
  autoDeleteInterval: -1,
  cpu: 1,
  memory: 1,
  disk: 3,
} as const;

/** A sandbox that was asked for and has no container yet. */
export function newSandbox(
  request: CreateSandbox,
  options: {
    snapshot: SnapshotRecord | undefined;
    /** Of a sandbox that is built from a Dockerfile. */
    buildLog: LogSpool | undefined;
    organizationId: string;
    toolboxUrl: string;
    minuteMs: number;
  },
): SandboxRecord {
  const { snapshot, buildLog, organizationId, toolboxUrl, minuteMs } = options;
  const id = randomUUID();
  const now = new Date();
  const at = now.toISOString();
  const ttl = request.ttlMinutes ?? 0;
  return {
    container: undefined,
    toolbox: undefined,
    previewToken: randomBytes(16).toString('hex'),
    image: snapshot?.image ?? builtTag(),
    entrypoint: snapshot?.dto.entrypoint ?? [],
    buildLog,
    lastActivityAt: now.getTime(),
    stoppedAt: undefined,
    work: Promise.resolve(),
    dto: {
      id,
      organizationId,
      name: request.name ?? id,
      ...(snapshot === undefined ? {} : { snapshot: snapshot.dto.name }),
      ...(request.buildInfo === undefined
        ? {}
        : { buildInfo: { ...request.buildInfo, createdAt: now, updatedAt: now, snapshotRef: '' } }),
      user: request.user ?? 'daytona',
      env: request.env ?? {},
      labels: request.labels ?? {},
      public: request.public ?? false,
      networkBlockAll: request.networkBlockAll ?? false,
      target: request.target ?? 'local',
      cpu: snapshot?.dto.cpu ?? request.cpu ?? DEFAULTS.cpu,
      gpu: 0,
      memory: snapshot?.dto.mem ?? request.memory ?? DEFAULTS.memory,
      disk: snapshot?.dto.disk ?? request.disk ?? DEFAULTS.disk,
      state: snapshot === undefined ? 'pending_build' : 'creating',
      desiredState: 'started',
      autoStopInterval: request.autoStopInterval ?? DEFAULTS.autoStopInterval,
      autoArchiveInterval: request.autoArchiveInterval ?? DEFAULTS.autoArchiveInterval,
      autoDeleteInterval: request.autoDeleteInterval ?? DEFAULTS.autoDeleteInterval,
      ...(ttl > 0 ? { autoDestroyAt: new Date(now.getTime() + ttl * minuteMs).toISOString() } : {}),
      createdAt: at,
      updatedAt: at,
      lastActivityAt: at,
      toolboxProxyUrl: toolboxUrl,
    },
  };
}
