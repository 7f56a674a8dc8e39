import { type AddressInfo, createServer, type Server } from 'node:net';
import type { Connection } from '@iterate/sandbox-provider';
import { createFakeProvider } from '@iterate/sandbox-provider/fake';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planPorts, portOwner } from './host-ports.js';
import { LABELS } from './sandbox-labels.js';

describe('planPorts', () => {
  let connection: Connection<'fake', Record<string, never>>;
  const servers: Server[] = [];
  beforeEach(async () => {
    connection = await createFakeProvider().connect({});
  });
  afterEach(async () => {
    for await (const { id } of connection.list()) await (await connection.get(id)).destroy();
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  });

  async function occupy(): Promise<number> {
    const server = createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  it('takes the next free port for one that is taken, and tells', async () => {
    const taken = await occupy();
    const [plan] = await planPorts(connection, [taken], new Map());
    expect(plan).toMatchObject({ inside: taken, wanted: taken });
    expect(plan?.host).toBeGreaterThan(taken);
  });

  it('gives two ports inside two on the host, also when they want the same', async () => {
    const taken = await occupy();
    const plans = await planPorts(connection, [taken, taken + 1], new Map());
    expect(new Set(plans.map(({ host }) => host)).size).toBe(2);
  });

  it('leaves out ports that were found taken before', async () => {
    const free = await occupy();
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const [plan] = await planPorts(connection, [free], new Map(), new Set([free]));
    expect(plan?.host).not.toBe(free);
  });

  it('refuses a named port that is taken by a program', async () => {
    const taken = await occupy();
    await expect(planPorts(connection, [], new Map([[3000, taken]]))).rejects.toMatchObject({
      code: 'PortTaken',
      message: expect.stringContaining('another program'),
      details: { port: taken },
    });
  });

  it('names the sandbox that has the port', async () => {
    const sandbox = await connection.create({
      image: 'fake',
      ports: [3000],
      labels: { [LABELS.name]: 'web' },
    });
    const port = Number(new URL((await sandbox.endpoint(3000)).url).port);
    await expect(planPorts(connection, [], new Map([[3000, port]]))).rejects.toMatchObject({
      code: 'PortTaken',
      message: expect.stringContaining('sandbox stop web'),
      details: { port, owner: 'web' },
    });
    expect(await portOwner(connection, port)).toBe('the sandbox "web"');
  });
});
