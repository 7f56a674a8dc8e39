import { describe, expect, it } from 'vitest';
import { toSandboxError } from './docker-error.js';

function engineError(statusCode: number, text: string) {
  return Object.assign(new Error(`(HTTP code ${statusCode}) unexpected - ${text} `), { statusCode });
}

const context = { operation: 'start the sandbox web', endpoint: 'unix:///var/run/docker.sock' };

describe('toSandboxError', () => {
  it.each([
    [
      'an image that is not there',
      404,
      'No such image: debian:none',
      { image: 'debian:none' },
      'ImageNotFound',
    ],
    ['a container that is not there', 404, 'No such container: web', { sandbox: 'web' }, 'SandboxNotFound'],
    [
      'a path that is not there',
      404,
      'Could not find the file /x in container web',
      { path: '/x' },
      'FileNotFound',
    ],
    [
      'a network that is not there, which is no missing sandbox',
      404,
      'no such container - network mine not found',
      { sandbox: 'web', image: 'debian' },
      'InvalidSpec',
    ],
    [
      "a network that is not there, in Podman's words",
      500,
      'container create: unable to find network with name or ID mine: network not found',
      { image: 'debian' },
      'InvalidSpec',
    ],
    [
      'a disk limit that it cannot keep',
      500,
      "--storage-opt is supported only for overlay over xfs with 'pquota' mount option",
      {},
      'Unsupported',
    ],
    ['a name in use', 409, 'Conflict. The container name "/web" is already in use', {}, 'Conflict'],
    ['a container that does not run', 409, 'Container web is not running', { sandbox: 'web' }, 'NotRunning'],
    ['a paused container', 409, 'Container web is paused', { sandbox: 'web' }, 'NotRunning'],
    ['an engine in trouble', 500, 'something broke', {}, 'ProviderError'],
  ] as const)('knows %s', (_, status, text, more, code) => {
    expect(toSandboxError(engineError(status, text), { ...context, ...more })).toMatchObject({ code });
  });

  it.each([
    [
      'allocated by the engine',
      'driver failed programming external connectivity on endpoint web (abc): Bind for 127.0.0.1:3000 failed: port is already allocated',
    ],
    [
      'used by another program',
      'driver failed programming external connectivity on endpoint web (abc): Error starting userland proxy: listen tcp4 127.0.0.1:3000: bind: address already in use',
    ],
  ])('names the port that is %s', (_, text) => {
    expect(toSandboxError(engineError(500, text), context)).toMatchObject({
      code: 'PortInUse',
      details: { port: 3000 },
    });
  });

  it('says what to do when no engine answers', () => {
    const refused = Object.assign(new Error('connect ENOENT'), { code: 'ENOENT' });
    expect(toSandboxError(refused, context)).toMatchObject({
      code: 'ProviderUnavailable',
      message: expect.stringContaining('Is the Docker engine running?'),
      cause: refused,
    });
  });

  it.each([
    [429, true],
    [503, true],
    [500, false],
    [400, false],
  ])('says of HTTP %i whether the same call may succeed later: %s', (status, retryable) => {
    expect(toSandboxError(engineError(status, 'x'), context)).toMatchObject({
      details: { retryable, status },
    });
  });
});
