import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { dockerProvider } from './docker-provider.js';

/** Answers as an engine does that is asked for its version. */
async function engine(components: string[]) {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ Version: '4.3.1', Components: components.map((Name) => ({ Name, Version: '1' })) }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `tcp://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

it('an engine that is Podman is refused with its differences, unless the caller accepts them', async () => {
  await using podman = await engine(['Podman Engine', 'Conmon']);
  await expect(dockerProvider.connect({ host: podman.host })).rejects.toMatchObject({
    code: 'Unsupported',
    message: expect.stringContaining('connect({ podman: true })'),
  });
  await using _ = await dockerProvider.connect({ host: podman.host, podman: true });
});

it('an engine that is Docker is not', async () => {
  await using docker = await engine(['Engine', 'containerd']);
  await using _ = await dockerProvider.connect({ host: docker.host });
});
