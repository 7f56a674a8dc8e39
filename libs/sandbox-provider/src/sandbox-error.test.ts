import { describe, expect, it } from 'vitest';
import { isSandboxError, SandboxError } from './sandbox-error.js';

describe('SandboxError', () => {
  const cause = new Error('connection reset');
  const error = new SandboxError('PortInUse', 'Port 80 is taken.', { port: 80 }, { cause });

  it('survives JSON with its code, details and the message of its cause', () => {
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'SandboxError',
      code: 'PortInUse',
      message: 'Port 80 is taken.',
      details: { port: 80 },
      cause: 'connection reset',
    });
  });

  it('is recognised by its code, also when it comes from another copy of the package', () => {
    const copy = Object.assign(new Error('Port 80 is taken.'), { name: 'SandboxError', code: 'PortInUse' });
    expect(isSandboxError(copy, 'PortInUse')).toBe(true);
    expect(isSandboxError(error, 'Timeout')).toBe(false);
    expect(isSandboxError(new Error('PortInUse'))).toBe(false);
    expect(isSandboxError(undefined)).toBe(false);
  });
});
