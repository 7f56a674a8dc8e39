import type Docker from 'dockerode';
import { describe, expect, it } from 'vitest';
import { endpointOf } from './docker-endpoint.js';

const inspect = (hostIp: string | undefined) =>
  ({
    Id: 'abc',
    State: { Status: hostIp === undefined ? 'exited' : 'running', Running: hostIp !== undefined },
    HostConfig: { PortBindings: { '3000/tcp': [{}] } },
    NetworkSettings: {
      Ports: hostIp === undefined ? {} : { '3000/tcp': [{ HostIp: hostIp, HostPort: '32768' }] },
    },
  }) as unknown as Docker.ContainerInspectInfo;

describe('endpointOf', () => {
  it.each([
    ['127.0.0.1', undefined, 'http://127.0.0.1:32768'],
    ['0.0.0.0', undefined, 'http://127.0.0.1:32768'],
    ['0.0.0.0', 'engine.example', 'http://engine.example:32768'],
    ['192.168.1.2', 'engine.example', 'http://192.168.1.2:32768'],
    ['::1', undefined, 'http://[::1]:32768'],
  ])('a port on %s of an engine at %s is at %s', (hostIp, engineHost, url) => {
    expect(endpointOf(inspect(hostIp), 3000, engineHost)).toEqual({ url });
  });

  it('tells a port that is not published from a sandbox that does not run', () => {
    expect(() => endpointOf(inspect('127.0.0.1'), 80, undefined)).toThrow(
      expect.objectContaining({ code: 'InvalidSpec' }),
    );
    expect(() => endpointOf(inspect(undefined), 3000, undefined)).toThrow(
      expect.objectContaining({ code: 'NotRunning' }),
    );
  });
});
