import { describe, expect, it } from 'vitest';
import type { EnvOptions } from '../config/config.js';
import { resolveConfig } from '../config/resolve-config.js';
import { effectiveEnv, maskEnv, sameEnv } from './effective-env.js';

const layers = {
  process: { A: 'process', B: 'process', C: 'process', D: 'process', E: 'process', PIDNAP_TOKEN: 'x' },
  global: { B: 'global', C: 'global', D: 'global', E: 'global' },
  globalFile: { C: 'file', D: 'file', E: 'file' },
  ownFile: { E: 'own file' },
};

function effective(envOptions: EnvOptions): Readonly<Record<string, string>> {
  const spec = resolveConfig(
    { processes: { web: { command: 'x', env: { D: 'own', E: 'own' }, envOptions } } },
    { configFile: null, baseDir: '/', processEnv: {} },
  ).units.get('web');
  if (!spec) throw new Error('no unit');
  return effectiveEnv(spec, layers);
}

describe('effectiveEnv', () => {
  it('puts each layer over the one before', () => {
    expect(effective({})).toEqual({ A: 'process', B: 'global', C: 'file', D: 'own', E: 'own file' });
  });

  it('leaves out what is not inherited', () => {
    expect(effective({ inheritGlobalEnv: false })).toEqual({
      A: 'process',
      B: 'process',
      C: 'process',
      D: 'own',
      E: 'own file',
    });
    expect(effective({ inheritProcessEnv: false })).toEqual({
      B: 'global',
      C: 'file',
      D: 'own',
      E: 'own file',
    });
    expect(effective({ inheritProcessEnv: ['A'], inheritGlobalEnv: false })).toEqual({
      A: 'process',
      D: 'own',
      E: 'own file',
    });
  });
});

describe('sameEnv', () => {
  it.each([
    [{ A: '1', B: '2' }, { B: '2', A: '1' }, true],
    [{ A: '1' }, { A: '2' }, false],
    [{ A: '1' }, {}, false],
    [{}, { A: '1' }, false],
    [{ A: '1' }, { B: '1' }, false],
  ])('%j and %j: %s', (a, b, same) => {
    expect(sameEnv(a as Record<string, string>, b as Record<string, string>)).toBe(same);
  });
});

it('masks every value, the empty one too', () => {
  expect(maskEnv({ A: 'x', B: '' })).toEqual({ A: '***', B: '***' });
});
