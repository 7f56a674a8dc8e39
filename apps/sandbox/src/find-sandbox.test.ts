import type { Connection } from '@iterate/sandbox-provider';
import { createFakeProvider } from '@iterate/sandbox-provider/fake';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findSandbox, sandboxName } from './find-sandbox.js';
import { LABELS } from './sandbox-labels.js';

describe('findSandbox', () => {
  let connection: Connection<'fake', Record<string, never>>;
  beforeEach(async () => {
    connection = await createFakeProvider().connect({});
  });
  afterEach(async () => {
    for await (const { id } of connection.list()) await (await connection.get(id)).destroy();
  });

  const make = (name: string, repo: string) =>
    connection.create({ image: 'fake', labels: { [LABELS.name]: name, [LABELS.repo]: repo } });
  const find = async (name: string | undefined, repo: string | undefined) =>
    sandboxName(await findSandbox(connection, { name, repo, provider: 'fake' }));

  it('takes the only one of the repository when no name is given', async () => {
    await make('web', 'here');
    await make('other', 'there');
    expect(await find(undefined, 'here')).toBe('web');
  });

  it('takes one by name from anywhere, and by the first digits of its id', async () => {
    const { id } = await make('web', 'there');
    expect(await find('web', 'here')).toBe('web');
    expect(await find(id.slice(0, 6), undefined)).toBe('web');
  });

  it('takes the only one there is outside a repository', async () => {
    await make('web', 'there');
    expect(await find(undefined, undefined)).toBe('web');
  });

  it('does not take one of another repository for the one of this', async () => {
    await make('web', 'there');
    await expect(find(undefined, 'here')).rejects.toMatchObject({ code: 'NoSandbox' });
  });

  it('asks for a name when several fit', async () => {
    await make('web', 'here');
    await make('api', 'here');
    await expect(find(undefined, 'here')).rejects.toMatchObject({
      code: 'AmbiguousSandbox',
      details: { names: ['web', 'api'] },
    });
  });

  it('does not take three digits for an id', async () => {
    const { id } = await make('web', 'here');
    await expect(find(id.slice(0, 3), 'here')).rejects.toMatchObject({ code: 'NoSandbox' });
  });
});
