import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findDockerHost } from '../src/docker-host.js';
import { dockerProvider } from '../src/docker-provider.js';
import { image } from './test-image.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(!hasOpenssl)('an engine over TCP with TLS', () => {
  let dir: string;
  let server: Server;
  const file = (name: string) => join(dir, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });

  /** A key and a certificate that `by` has signed; the first one signs itself. */
  function certificate(name: string, by: string | undefined): void {
    const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', file(`${name}-key.pem`)];
    if (by === undefined) {
      const extension = ['-addext', 'basicConstraints=critical,CA:TRUE'];
      openssl(
        'req',
        '-x509',
        ...key,
        '-days',
        '2',
        '-subj',
        `/CN=${name}`,
        ...extension,
        '-out',
        file(`${name}.pem`),
      );
      return;
    }
    openssl('req', ...key, '-subj', `/CN=${name}`, '-out', file(`${name}.csr`));
    writeFileSync(file('extensions'), 'subjectAltName=IP:127.0.0.1\n');
    const signer = ['-CA', file(`${by}.pem`), '-CAkey', file(`${by}-key.pem`), '-CAcreateserial'];
    const request = ['-req', '-in', file(`${name}.csr`), '-days', '2', '-extfile', file('extensions')];
    openssl('x509', ...request, ...signer, '-out', file(`${name}.pem`));
  }

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tls-'));
    certificate('ca', undefined);
    certificate('server', 'ca');
    certificate('client', 'ca');
    // The names that the docker CLI looks for.
    writeFileSync(file('cert.pem'), readFileSync(file('client.pem')));
    writeFileSync(file('key.pem'), readFileSync(file('client-key.pem')));
    const socket = new URL((await findDockerHost()).url).pathname;
    const options = {
      ca: readFileSync(file('ca.pem')),
      cert: readFileSync(file('server.pem')),
      key: readFileSync(file('server-key.pem')),
      requestCert: true,
      rejectUnauthorized: true,
      // The end of an input is half a connection's end, here as on the engine.
      allowHalfOpen: true,
    };
    server = createServer(options, (client) => {
      const engine = connect({ path: socket, allowHalfOpen: true });
      client.on('error', () => engine.destroy());
      engine.on('error', () => client.destroy());
      client.pipe(engine).pipe(client);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(dir, { recursive: true });
  });

  it('is found by the variables of the docker CLI, and serves who has a certificate', async () => {
    const { port } = server.address() as AddressInfo;
    const env = {
      DOCKER_HOST: `tcp://127.0.0.1:${port}`,
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: dir,
    };
    const { url, certPath = '' } = await findDockerHost({ env, home: dir });
    await using connection = await dockerProvider.connect({ host: url, certPath });
    await using sandbox = await connection.create({ image, command: ['sleep', '600'] });
    expect((await sandbox.exec(['cat'], { stdin: 'over TLS' })).stdout).toBe('over TLS');
    await expect(dockerProvider.connect({ host: url })).rejects.toMatchObject({ name: 'SandboxError' });
  });
});
