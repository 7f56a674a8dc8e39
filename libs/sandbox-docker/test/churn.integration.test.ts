import { randomUUID } from 'node:crypto';
import { afterAll, expect, it } from 'vitest';
import { dockerProvider } from '../src/docker-provider.js';
import { SANDBOX_NETWORK } from '../src/sandbox-network.js';
import { docker, image } from './test-image.js';

// Each connection stands for a process of its own: they share nothing but the engine.
const connections = await Promise.all([1, 2, 3].map(() => dockerProvider.connect({})));
afterAll(() => Promise.all(connections.map((connection) => connection[Symbol.asyncDispose]())));

it('sandboxes come and go from several processes at once, and none is in the way of another', async () => {
  const labels = { churn: randomUUID() };
  const outputs = await Promise.all(
    connections.map(async (connection, worker) => {
      const seen: string[] = [];
      for (let round = 0; round < 6; round += 1) {
        await using sandbox = await connection.create({ image, command: ['sleep', '600'], labels });
        seen.push((await sandbox.exec(`echo ${worker}-${round}`)).stdout);
      }
      return seen;
    }),
  );
  expect(outputs).toEqual(
    [0, 1, 2].map((worker) => Array.from({ length: 6 }, (_, round) => `${worker}-${round}\n`)),
  );
  for await (const { id } of connections[0]?.list({ labels }) ?? []) expect.fail(`${id} is left`);
  const networks = await docker.listNetworks({ filters: { name: [SANDBOX_NETWORK] } });
  expect(networks.length).toBeLessThanOrEqual(1);
});
