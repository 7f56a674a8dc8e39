import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { SANDBOX_LABEL } from '../src/docker-labels.js';
import { dockerProvider } from '../src/docker-provider.js';
import { SANDBOX_NETWORK } from '../src/sandbox-network.js';
import { docker, image } from './test-image.js';

const IDLE = ['sleep', '600'];
const connection = await dockerProvider.connect({});
afterAll(() => connection[Symbol.asyncDispose]());

/** Everything on the engine that belongs to sandboxes with this label. */
async function traces(id: string) {
  const [containers, volumes] = await Promise.all([
    docker.listContainers({ all: true, filters: { id: [id] } }),
    docker.listVolumes({ filters: JSON.stringify({ label: [`${SANDBOX_LABEL}.expiry-of=${id}`] }) }),
  ]);
  return { containers: containers.length, volumes: volumes.Volumes?.length ?? 0 };
}

describe('what a sandbox leaves on the engine', () => {
  it('is nothing: container, expiry record, anonymous volumes', async () => {
    const sandbox = await connection.create({ image, command: IDLE, ttlMs: 600_000 });
    await sandbox.extend(1_200_000);
    expect(await traces(sandbox.id)).toEqual({ containers: 1, volumes: 1 });
    await sandbox.destroy();
    expect(await traces(sandbox.id)).toEqual({ containers: 0, volumes: 0 });
  });

  it('does not include the shared network once the last one is gone, and a stopped one keeps it', async () => {
    const attached = async () =>
      (await docker.listContainers({ all: true, filters: { network: [SANDBOX_NETWORK] } })).length;
    const networks = async () => (await docker.listNetworks({ filters: { name: [SANDBOX_NETWORK] } })).length;
    const sandbox = await connection.create({ image, command: IDLE });
    expect(await networks()).toBe(1);
    await sandbox.stop({ timeoutMs: 0 });
    const second = await connection.create({ image, command: IDLE });
    await second.destroy();
    await sandbox.start();
    await sandbox.destroy();
    // Sandboxes of somebody else on this engine keep it as well.
    await expect.poll(async () => (await attached()) > 0 || (await networks()) === 0).toBe(true);
  });
});

describe('what is not ours', () => {
  it('is never seen, changed or removed', async () => {
    const name = `foreign-${randomUUID()}`;
    const foreign = await docker.createContainer({ name, Image: image, Cmd: IDLE });
    try {
      for (const id of [name, foreign.id])
        await expect(connection.get(id)).rejects.toMatchObject({ code: 'SandboxNotFound' });
      for await (const { id } of connection.list()) expect(id).not.toBe(foreign.id);
      await expect(connection.create({ image, command: IDLE, name })).rejects.toMatchObject({
        code: 'Conflict',
      });
    } finally {
      await foreign.remove({ force: true });
    }
  });
});

describe('a snapshot', () => {
  it('holds no value of the environment and no label of its sandbox, and starts as the image did', async () => {
    await using sandbox = await connection.create({
      image,
      command: IDLE,
      env: { SECRET: 'hunter2' },
      labels: { session: 'mine' },
      idempotencyKey: randomUUID(),
    });
    const sourceId = (await docker.getImage(image).inspect()).Id;
    const { image: reference } = await sandbox.snapshot(`test-${randomUUID()}`);
    try {
      const inspect = await docker.getImage(reference).inspect();
      expect(JSON.stringify(inspect)).not.toContain('hunter2');
      const history = await docker.getImage(reference).history();
      expect(JSON.stringify(history)).not.toContain('hunter2');
      expect(inspect.Config.Labels.session).toBe('');
      expect(inspect.Config.User).toBe('agent');
      expect(inspect.Config.Cmd).toEqual(['cat']);
    } finally {
      await connection.images.remove(reference);
      const left = await docker.listImages({
        filters: JSON.stringify({ label: [`${SANDBOX_LABEL}=snapshot`] }),
        all: true,
      });
      expect(left.filter(({ ParentId }) => ParentId === sourceId)).toEqual([]);
    }
  });

  it('refuses a name that is no tag', async () => {
    await using sandbox = await connection.create({ image, command: IDLE });
    await expect(sandbox.snapshot('a b')).rejects.toMatchObject({ code: 'InvalidSpec' });
  });
});
