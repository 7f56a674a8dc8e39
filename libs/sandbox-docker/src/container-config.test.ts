import { sandboxSpecSchema } from '@iterate/sandbox-provider';
import { describe, expect, it } from 'vitest';
import { containerConfig } from './container-config.js';
import { dockerExtraSchema } from './docker-extra.js';

function config(spec: object = {}, extra: object = {}) {
  return containerConfig(
    sandboxSpecSchema.parse({ image: 'debian', ...spec }),
    dockerExtraSchema.parse(extra),
    { name: 'web', network: 'iterate-sandbox' },
  );
}

describe('containerConfig', () => {
  it('is hardened when nothing is asked for', () => {
    expect(config().HostConfig).toMatchInlineSnapshot(`
      {
        "CapAdd": [
          "CHOWN",
          "DAC_OVERRIDE",
          "FOWNER",
          "KILL",
          "NET_BIND_SERVICE",
          "SETGID",
          "SETUID",
        ],
        "CapDrop": [
          "ALL",
        ],
        "ExtraHosts": [
          "host.docker.internal:host-gateway",
        ],
        "Init": false,
        "LogConfig": {
          "Config": {
            "max-file": "3",
            "max-size": "10m",
          },
          "Type": "json-file",
        },
        "Mounts": [],
        "NetworkMode": "iterate-sandbox",
        "PidsLimit": 4096,
        "PortBindings": {},
        "ReadonlyRootfs": false,
        "SecurityOpt": [
          "no-new-privileges:true",
        ],
      }
    `);
  });

  it('publishes ports on loopback, on a free port unless one is named', () => {
    const { HostConfig, ExposedPorts } = config({ ports: [3000, 4096] }, { hostPorts: { 3000: 3001 } });
    expect(HostConfig?.PortBindings).toEqual({
      '3000/tcp': [{ HostIp: '127.0.0.1', HostPort: '3001' }],
      '4096/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }],
    });
    expect(Object.keys(ExposedPorts ?? {})).toEqual(['3000/tcp', '4096/tcp']);
  });

  it('binds mounts read-only unless told otherwise', () => {
    const mounts = [
      { source: '/src', target: '/in' },
      { source: '/out', target: '/out', writable: true },
    ];
    expect(config({}, { mounts }).HostConfig?.Mounts).toEqual([
      { Type: 'bind', Source: '/src', Target: '/in', ReadOnly: true },
      { Type: 'bind', Source: '/out', Target: '/out', ReadOnly: false },
    ]);
  });

  it('marks what it makes, and a caller cannot take the mark off', () => {
    expect(config({ labels: { 'dev.iterate.sandbox': '0', a: 'b' } }).Labels).toEqual({
      'dev.iterate.sandbox': '1',
      a: 'b',
    });
  });

  it('replaces the entrypoint of the image along with its command', () => {
    expect(config({ command: ['sleep', '1'] })).toMatchObject({ Cmd: ['sleep', '1'], Entrypoint: [] });
    expect(config()).not.toHaveProperty('Cmd');
  });

  it('passes limits on, with swap inside the memory limit', () => {
    const resources = { cpus: 1.5, memoryBytes: 64 * 1024 * 1024, pids: 10, diskBytes: 1e9 };
    expect(config({ resources }).HostConfig).toMatchObject({
      NanoCpus: 1_500_000_000,
      Memory: 67_108_864,
      MemorySwap: 67_108_864,
      PidsLimit: 10,
      StorageOpt: { size: '1000000000' },
    });
  });

  it('makes the root read-only with room in /tmp and /run', () => {
    expect(config({}, { readOnlyRoot: true }).HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': 'rw,nosuid,nodev', '/run': 'rw,nosuid,nodev' },
    });
  });
});
