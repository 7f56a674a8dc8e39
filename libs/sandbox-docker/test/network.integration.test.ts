import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, expect, it } from 'vitest';
import { dockerProvider } from '../src/docker-provider.js';
import { SANDBOX_NETWORK, SandboxNetwork } from '../src/sandbox-network.js';
import { docker, image } from './test-image.js';

const IDLE = ['sleep', '600'];
const suffix = randomBytes(3).toString('hex');
// Not the one of this engine's sandboxes, which somebody may be using.
const names = { name: `iterate-test-${suffix}`, bridge: `br-it-${suffix}` };
const network = new SandboxNetwork(docker, names);
const made: Array<ReturnType<typeof docker.getContainer>> = [];
const connection = await dockerProvider.connect({});
afterAll(() => connection[Symbol.asyncDispose]());

async function container() {
  const fresh = await docker.createContainer({
    Image: image,
    Cmd: IDLE,
    HostConfig: { NetworkMode: network.name },
  });
  made.push(fresh);
  return fresh;
}

const exists = async () => (await docker.listNetworks({ filters: { name: [network.name] } })).length;
const running = async (fresh: Awaited<ReturnType<typeof container>>) => (await fresh.inspect()).State.Running;

afterEach(async () => {
  await Promise.all(made.splice(0).map((fresh) => fresh.remove({ force: true })));
  await network.release();
  expect(await exists()).toBe(0);
});

it('is made once, by however many ask for it at the same time', async () => {
  const others = [1, 2].map(() => new SandboxNetwork(docker, names));
  await Promise.all([network, network, ...others].map((each) => each.ensure()));
  expect(await exists()).toBe(1);
});

it('is made at the start of a container that was created without it', async () => {
  const fresh = await container();
  await network.start(fresh);
  expect(await running(fresh)).toBe(true);
});

it('is joined again by a container that ran before it was pruned', async () => {
  await network.ensure();
  const fresh = await container();
  await network.start(fresh);
  await fresh.stop({ t: 0 });
  // What "docker network prune" does: to the engine a network of stopped containers is unused.
  await docker.getNetwork(network.name).remove();
  await network.start(fresh);
  expect(await running(fresh)).toBe(true);
});

it('stays while a container is attached, running or not, and goes with the last one', async () => {
  await network.ensure();
  const [first, second] = [await container(), await container()];
  await network.start(first);
  await first.stop({ t: 0 });
  await second.remove();
  made.pop();
  await network.release();
  expect(await exists()).toBe(1);
});

it('is gone too when it is released while it is being made', async () => {
  const making = network.ensure();
  await network.release();
  await making;
  expect(await exists()).toBe(0);
});

it('is there after a preparation, and gone after the disposal when no sandbox came of it', async () => {
  const own = await dockerProvider.connect({});
  await own.prepare();
  const { Id } = await docker.getNetwork(SANDBOX_NETWORK).inspect();
  const sandbox = await own.create({ image, command: IDLE });
  await own[Symbol.asyncDispose]();
  expect((await docker.getNetwork(SANDBOX_NETWORK).inspect()).Id).toBe(Id);
  await (await connection.get(sandbox.id)).destroy();
  const idle = await dockerProvider.connect({});
  await idle.prepare();
  await idle[Symbol.asyncDispose]();
  const attached = await docker.listContainers({ all: true, filters: { network: [SANDBOX_NETWORK] } });
  const left = await docker.listNetworks({ filters: { name: [SANDBOX_NETWORK] } });
  // Somebody else's sandbox keeps it.
  expect(left.length).toBe(attached.length > 0 ? 1 : 0);
});

it('of the caller that does not exist is an error that names it, and nothing is left', async () => {
  const labels = { network: suffix };
  const attempt = connection.create({
    image,
    command: IDLE,
    labels,
    provider: { docker: { network: `no-such-${suffix}` } },
  });
  await expect(attempt).rejects.toMatchObject({
    code: 'InvalidSpec',
    message: expect.stringContaining(`no-such-${suffix}`),
  });
  for await (const { id } of connection.list({ labels })) expect.fail(`${id} is left`);
});
