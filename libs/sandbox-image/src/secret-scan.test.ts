import { generateKeyPairSync } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir, tempRepository } from '../test/temp-repository.js';
import { refuseSecrets, scanForSecrets } from './secret-scan.js';
import { resolveSource } from './source.js';

/** Made anew in every run: nothing in this file is a secret, or looks like one. */
const PRIVATE_KEY = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
}).privateKey;
const NPM_TOKEN = `npm_${'x1Y2'.repeat(9)}`;

it('finds secrets by path and line, in the files that are committed', async () => {
  await using repository = await tempRepository({
    Dockerfile: 'FROM scratch\n',
    'deploy/id_rsa': PRIVATE_KEY,
    'src/client.ts': `// a client\nconst token = '${NPM_TOKEN}';\n`,
    'docs/example.md': 'curl https://user:password@example.com/\n',
    'data.bin': `\0\0${NPM_TOKEN}`,
    '.gitignore': '.env\n',
  });
  await repository.write({ '.env': NPM_TOKEN });
  await using source = await resolveSource({ repoDir: repository.dir, ref: 'HEAD' });
  expect(await scanForSecrets(source)).toEqual([
    { path: 'deploy/id_rsa', line: 1, rule: 'PrivateKey' },
    { path: 'src/client.ts', line: 2, rule: 'NPM_ACCESS_TOKEN' },
  ]);
  expect(await scanForSecrets(source, { allow: ['deploy/**', 'src/*.ts'] })).toEqual([]);
});

it('refuses with the paths, and does not repeat the secrets', async () => {
  await using repository = await tempRepository({
    Dockerfile: 'FROM scratch\n',
    'a.txt': `\n${NPM_TOKEN}\n`,
  });
  await using source = await resolveSource({ repoDir: repository.dir });
  const error: unknown = await refuseSecrets(source).catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    code: 'SECRETS_FOUND',
    message: expect.stringContaining('a.txt:2 NPM_ACCESS_TOKEN'),
  });
  expect(`${error} ${JSON.stringify(error)}`).not.toContain(NPM_TOKEN);
});

it('remembers clean files and not the others', async () => {
  await using repository = await tempRepository({ Dockerfile: 'FROM scratch\n', 'a.txt': NPM_TOKEN });
  await using cache = await tempDir('cache');
  await using source = await resolveSource({ repoDir: repository.dir });
  const options = { cacheDir: cache.path };
  expect(await scanForSecrets(source, options)).toHaveLength(1);
  const [file = ''] = await readdir(cache.path);
  expect(await readFile(join(cache.path, file), 'utf8')).toBe(
    await repository.git('rev-parse', 'HEAD:Dockerfile'),
  );
  expect(await scanForSecrets(source, options)).toHaveLength(1);
});

it('leaves no mark per file, over which time would grow with their square', async () => {
  const files = Array.from({ length: 30 }, (_, file) => [`f/${file}.txt`, `${file}\n`]);
  await using repository = await tempRepository({
    Dockerfile: 'FROM scratch\n',
    ...Object.fromEntries(files),
  });
  await using source = await resolveSource({ repoDir: repository.dir });
  performance.clearMarks();
  await scanForSecrets(source);
  expect(performance.getEntriesByType('mark')).toHaveLength(0);
});
