import type Docker from 'dockerode';
import { describe, expect, it } from 'vitest';
import { infoFromInspect, infoFromList, sandboxState } from './docker-info.js';

const inspect = (state: object = {}) =>
  ({
    Id: 'abc',
    Name: '/web',
    Created: '2026-01-02T03:04:05.678901234Z',
    Config: { Image: 'debian', Labels: { a: 'b' } },
    HostConfig: { PortBindings: { '3000/tcp': [{}], '4096/tcp': [{}] } },
    State: {
      Status: 'running',
      Error: '',
      OOMKilled: false,
      ExitCode: 0,
      StartedAt: '2026-01-02T03:04:06Z',
      ...state,
    },
  }) as unknown as Docker.ContainerInspectInfo;

describe('infoFromInspect', () => {
  it('says what the engine says, in the words of the contract', () => {
    expect(infoFromInspect(inspect())).toEqual({
      id: 'abc',
      name: 'web',
      state: 'running',
      nativeState: 'running',
      image: 'debian',
      labels: { a: 'b' },
      createdAt: new Date('2026-01-02T03:04:05.678Z'),
      startedAt: new Date('2026-01-02T03:04:06Z'),
      ports: [3000, 4096],
    });
  });

  it('tells the exit code of one that has ended, and no start of one that never started', () => {
    expect(infoFromInspect(inspect({ Status: 'exited', ExitCode: 143 }))).toMatchObject({
      state: 'stopped',
      exitCode: 143,
    });
    const created = infoFromInspect(inspect({ Status: 'created', StartedAt: '0001-01-01T00:00:00Z' }));
    expect(created).not.toHaveProperty('startedAt');
    expect(created.state).toBe('creating');
  });

  it('takes one that ran out of memory, or that could not start, for failed, and says why', () => {
    expect(infoFromInspect(inspect({ Status: 'exited', OOMKilled: true, ExitCode: 137 }))).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('memory'),
    });
    expect(infoFromInspect(inspect({ Status: 'exited', Error: 'no such file' }))).toMatchObject({
      state: 'failed',
      error: 'no such file',
    });
  });

  it('takes a running one in which a process ran out of memory for running', () => {
    expect(infoFromInspect(inspect({ OOMKilled: true }))).toMatchObject({ state: 'running' });
  });
});

it('infoFromList names each port once, though it is published on two families', () => {
  const listed = {
    Id: 'abc',
    Names: ['/web'],
    Image: 'debian',
    Labels: {},
    Created: 1_700_000_000,
    State: 'running',
    Ports: [
      { PrivatePort: 4096, Type: 'tcp' },
      { PrivatePort: 3000, Type: 'tcp' },
      { PrivatePort: 3000, Type: 'tcp' },
    ],
  } as unknown as Docker.ContainerInfo;
  expect(infoFromList(listed)).toMatchObject({
    name: 'web',
    ports: [3000, 4096],
    createdAt: new Date(1_700_000_000_000),
  });
});

it.each([
  ['restarting', 'running'],
  ['removing', 'destroying'],
  ['dead', 'failed'],
  ['something new', 'failed'],
])('the state "%s" is %s', (native, state) => expect(sandboxState(native)).toBe(state));
