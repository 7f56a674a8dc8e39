import type { ValidSandboxSpec } from '@iterate/sandbox-provider';
import type Docker from 'dockerode';
import type { DockerExtra } from './docker-extra.js';
import { IDEMPOTENCY_LABEL, SANDBOX_LABEL, SANDBOX_MARK } from './docker-labels.js';
import { EXPIRY_LABEL } from './expiry-record.js';

/**
 * What root keeps in an image that runs as root; where the image has another user, commands of root have no
 * capability at all. Of Docker's default capabilities these are left: own, read and signal what belongs to another
 * user, switch to one, and listen below port 1024. Raw sockets, device nodes, chroot, file capabilities and
 * the audit log are gone.
 */
export const DEFAULT_CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'KILL',
  'NET_BIND_SERVICE',
  'SETGID',
  'SETUID',
] as const;

/** Processes and threads when the spec sets no limit: room for builds and browsers, none for a fork bomb. */
export const DEFAULT_PIDS_LIMIT = 4096;

/** The log a container may keep on the engine's disk: three files of 10 MB. */
const LOG_CONFIG = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } };

const READ_ONLY_TMPFS = { '/tmp': 'rw,nosuid,nodev', '/run': 'rw,nosuid,nodev' };

/** The engine's form of a spec, with the hardened defaults. Pure, so that every default can be tested. */
export function containerConfig(
  spec: ValidSandboxSpec,
  extra: DockerExtra,
  options: { name: string; network: string },
): Docker.ContainerCreateOptions {
  const ports = [...new Set([...spec.ports, ...Object.keys(extra.hostPorts).map(Number)])];
  const { cpus, memoryBytes, pids, diskBytes } = spec.resources;
  return {
    name: options.name,
    Image: spec.image,
    Env: Object.entries(spec.env).map(([key, value]) => `${key}=${value}`),
    Labels: {
      ...spec.labels,
      [SANDBOX_LABEL]: SANDBOX_MARK,
      ...(spec.ttlMs === undefined ? {} : { [EXPIRY_LABEL]: '1' }),
      ...(spec.idempotencyKey === undefined ? {} : { [IDEMPOTENCY_LABEL]: spec.idempotencyKey }),
    },
    ...(spec.command === undefined ? {} : { Cmd: [...spec.command], Entrypoint: [] }),
    ...(spec.user === undefined ? {} : { User: spec.user }),
    ...(spec.cwd === undefined ? {} : { WorkingDir: spec.cwd }),
    ExposedPorts: Object.fromEntries(ports.map((port) => [`${port}/tcp`, {}])),
    HostConfig: {
      PortBindings: Object.fromEntries(
        ports.map((port) => [
          `${port}/tcp`,
          [{ HostIp: extra.bindAddress, HostPort: String(extra.hostPorts[port] ?? '') }],
        ]),
      ),
      Mounts: extra.mounts.map(({ source, target, writable }) => ({
        Type: 'bind' as const,
        Source: source,
        Target: target,
        ReadOnly: !writable,
      })),
      NetworkMode: options.network,
      ExtraHosts: ['host.docker.internal:host-gateway'],
      SecurityOpt: ['no-new-privileges:true'],
      CapDrop: ['ALL'],
      CapAdd: [...new Set([...DEFAULT_CAPABILITIES, ...extra.capAdd])],
      PidsLimit: pids ?? DEFAULT_PIDS_LIMIT,
      LogConfig: LOG_CONFIG,
      Init: extra.init,
      ReadonlyRootfs: extra.readOnlyRoot,
      ...(extra.readOnlyRoot ? { Tmpfs: READ_ONLY_TMPFS } : {}),
      ...(extra.runtime === undefined ? {} : { Runtime: extra.runtime }),
      ...(cpus === undefined ? {} : { NanoCpus: Math.round(cpus * 1e9) }),
      // Without its own limit swap would double the memory.
      ...(memoryBytes === undefined ? {} : { Memory: memoryBytes, MemorySwap: memoryBytes }),
      ...(diskBytes === undefined ? {} : { StorageOpt: { size: String(diskBytes) } }),
    },
  };
}
