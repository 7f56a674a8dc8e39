import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../../.github/push-access.sh', import.meta.url));
const LOGIN = { REGISTRY: 'registry.example.com/sandbox', REGISTRY_USER: 'ci', REGISTRY_PASSWORD: 'hunter2' };

/** What the script says, and which outputs it sets. */
async function access(env: Readonly<Record<string, string>>): Promise<{ said: string; outputs: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'push-access-test-'));
  try {
    const file = join(dir, 'outputs');
    const { all } = await execa(script, {
      env: { PATH: process.env.PATH, GITHUB_OUTPUT: file, ...env },
      extendEnv: false,
      all: true,
    });
    return { said: all, outputs: await readFile(file, 'utf8') };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

it('says where images can go, and names what is missing', async () => {
  expect(await access({ ...LOGIN, DAYTONA_API_KEY: 'key' })).toEqual({
    said: '',
    outputs: 'registry=true\ndaytona=true\n',
  });
  const registryOnly = await access({ ...LOGIN, DAYTONA_API_KEY: '' });
  expect(registryOnly.outputs).toBe('registry=true\ndaytona=false\n');
  expect(registryOnly.said).toMatch(/^::notice .*DAYTONA_API_KEY/);
  const nothing = await access({ DAYTONA_API_KEY: 'key', REGISTRY: '' });
  expect(nothing.outputs).toBe('registry=false\ndaytona=false\n');
  expect(nothing.said).toMatch(/^::notice .*SANDBOX_REGISTRY_PASSWORD/);
});

it('repeats no secret', async () => {
  for (const env of [LOGIN, { ...LOGIN, REGISTRY: '' }, { DAYTONA_API_KEY: 'hunter2' }])
    expect(JSON.stringify(await access(env))).not.toContain('hunter2');
});
