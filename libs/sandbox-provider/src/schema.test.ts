import { describe, expect, it } from 'vitest';
import { sandboxSpecSchema } from './sandbox-spec.js';
import { validate } from './schema.js';

describe('the sandbox spec', () => {
  const check = (input: unknown) => validate(sandboxSpecSchema, input, 'sandbox spec');

  it('fills in the defaults', async () => {
    expect(await check({ image: 'debian' })).toEqual({
      image: 'debian',
      env: {},
      labels: {},
      ports: [],
      resources: {},
      provider: {},
    });
  });

  it.each([
    ['an unknown key', { image: 'a', imgae: 'b' }, 'imgae'],
    ['a port out of range', { image: 'a', ports: [70_000] }, 'ports.0'],
    ['a variable name with a space', { image: 'a', env: { 'A B': '1' } }, 'env.A B'],
    ['a value with NUL', { image: 'a', env: { A: '\0' } }, 'env.A'],
    ['a name that is a path', { image: 'a', name: '../x' }, 'name'],
    ['a relative directory', { image: 'a', cwd: 'src' }, 'cwd'],
    ['an empty command', { image: 'a', command: [] }, 'command'],
  ])('refuses %s, naming the path', async (_, input, path) => {
    await expect(check(input)).rejects.toMatchObject({
      code: 'InvalidSpec',
      details: { issues: [expect.stringContaining(path)] },
    });
  });
});
