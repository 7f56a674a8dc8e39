import { access, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import envPaths from 'env-paths';
import { execa } from 'execa';

/** A real container registry on loopback that asks for a password. */
export interface DockerRegistry extends AsyncDisposable {
  /** `127.0.0.1:port`, which engines talk to without TLS. */
  host: string;
  /** A `DOCKER_CONFIG` directory with the login. */
  configDir: string;
}

/** Only this test registry knows the user; it lives in memory of one test. */
const USER = 'tester';
const PASSWORD = 'correct horse';
const HTPASSWD = `${USER}:$2b$04$u55QyUc2AVwBfVDlme3TX.WFbIQ6Bp0/zRrnRTjxXSklqLHd6gjv2\n`;

export async function startDockerRegistry(): Promise<DockerRegistry> {
  const program = await findProgram();
  const dir = await mkdtemp(join(tmpdir(), 'sandbox-image-test-registry-'));
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  await writeFile(join(dir, 'htpasswd'), HTPASSWD);
  await writeFile(
    join(dir, 'config.yml'),
    JSON.stringify({
      version: '0.1',
      log: { level: 'error' },
      storage: { filesystem: { rootdirectory: join(dir, 'data') } },
      http: { addr: host },
      auth: { htpasswd: { realm: 'test', path: join(dir, 'htpasswd') } },
    }),
  );
  const configDir = join(dir, 'docker');
  await mkdir(configDir);
  const auth = Buffer.from(`${USER}:${PASSWORD}`).toString('base64');
  await writeFile(join(configDir, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }));
  const server = execa(program, ['serve', join(dir, 'config.yml')], { reject: false, all: true });
  const dispose = async (): Promise<void> => {
    server.kill();
    await server;
    await rm(dir, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const answer = await fetch(`http://${host}/v2/`).catch(() => undefined);
    if (answer?.status === 401) return { host, configDir, [Symbol.asyncDispose]: dispose };
    await sleep(50);
  }
  server.kill();
  const { all } = await server;
  await dispose();
  throw new Error(`docker-registry did not start: ${all}`);
}

/** Debian's docker-registry: the installed one, else unpacked into a cache directory, for which no root is needed. */
async function findProgram(): Promise<string> {
  const installed = await execa('sh', ['-c', 'command -v docker-registry'], { reject: false });
  if (installed.exitCode === 0) return installed.stdout;
  const { cache } = envPaths('iterate-sandbox-test', { suffix: '' });
  const program = join(cache, 'docker-registry', 'usr/bin/docker-registry');
  if (await exists(program)) return program;
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, 'draft-'));
  try {
    await execa('apt-get', ['download', 'docker-registry'], { cwd: draft });
    const [archive] = (await readdir(draft)).filter((name) => name.endsWith('.deb'));
    await execa('dpkg-deb', ['-x', archive ?? '', 'unpacked'], { cwd: draft });
    await rename(join(draft, 'unpacked'), join(cache, 'docker-registry'));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return program;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
