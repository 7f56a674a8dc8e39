import { describe, expect, it } from 'vitest';
import { findDaytonaAccess } from './daytona-access.js';

describe('findDaytonaAccess', () => {
  it('takes the config before the environment before the hosted service', () => {
    expect(findDaytonaAccess({}, { DAYTONA_API_KEY: 'k' })).toEqual({
      apiKey: 'k',
      apiUrl: 'https://app.daytona.io/api',
      target: 'us',
    });
    const env = { DAYTONA_API_KEY: 'k', DAYTONA_API_URL: 'http://a/api', DAYTONA_TARGET: 'eu' };
    expect(findDaytonaAccess({}, env)).toEqual({ apiKey: 'k', apiUrl: 'http://a/api', target: 'eu' });
    // CI sets a variable that the repository does not have to nothing.
    expect(findDaytonaAccess({}, { ...env, DAYTONA_API_URL: '' }).apiUrl).toMatch(/^https:/);
    expect(findDaytonaAccess({ apiKey: 'c', apiUrl: 'http://b', target: 't' }, env)).toEqual({
      apiKey: 'c',
      apiUrl: 'http://b',
      target: 't',
    });
  });

  it('names the variable and the emulator when there is no key', () => {
    expect(() => findDaytonaAccess({}, {})).toThrow(/DAYTONA_API_KEY.*pnpm daytona:emulator/);
  });
});
