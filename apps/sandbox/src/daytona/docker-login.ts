import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';

const VARIABLE = 'DOCKER_CONFIG';
/** What lies beside the config and belongs to it. */
const BESIDE = ['contexts', 'cli-plugins', 'buildx', 'tls'];

const configSchema = z.looseObject({
  auths: z.record(z.string(), z.unknown()).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
});

/** A login to a registry. */
export interface DockerLogin {
  readonly host: string;
  readonly username: string;
  readonly secret: string;
}

/**
 * Lets the docker command of this process log in to one more registry. The user's own config is neither changed nor
 * missed: it is copied, and the copy is used and removed.
 */
export async function withDockerLogin<Result>(
  { host, username, secret }: DockerLogin,
  run: () => Promise<Result>,
): Promise<Result> {
  const before = process.env[VARIABLE];
  const own = before ?? join(homedir(), '.docker');
  const dir = await mkdtemp(join(tmpdir(), 'iterate-docker-login-'));
  try {
    // A helper that keeps all logins would be asked for this one too.
    const { credsStore: _, ...config } = await readConfig(join(own, 'config.json'));
    const auth = Buffer.from(`${username}:${secret}`).toString('base64');
    const merged = { ...config, auths: { ...config.auths, [host]: { auth } } };
    await writeFile(join(dir, 'config.json'), JSON.stringify(merged), { mode: 0o600 });
    for (const name of BESIDE) await symlink(join(own, name), join(dir, name));
    process.env[VARIABLE] = dir;
    return await run();
  } finally {
    if (before === undefined) delete process.env[VARIABLE];
    else process.env[VARIABLE] = before;
    await rm(dir, { recursive: true, force: true });
  }
}

async function readConfig(file: string): Promise<z.output<typeof configSchema>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
  return configSchema.parse(JSON.parse(text));
}
