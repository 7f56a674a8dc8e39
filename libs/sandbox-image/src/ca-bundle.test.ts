import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../test/temp-repository.js';
import { findCaBundle } from './ca-bundle.js';

it('takes the first setting that names a file', async () => {
  await using dir = await tempDir('ca');
  const file = join(dir.path, 'ca.pem');
  const npmrc = join(dir.path, 'npmrc');
  await writeFile(file, 'pem');
  await writeFile(npmrc, `registry=https://registry.example.com/\ncafile = "${file}"\n`);
  const gone = join(dir.path, 'gone.pem');
  expect(await findCaBundle({ NODE_EXTRA_CA_CERTS: file, SSL_CERT_FILE: gone })).toEqual({
    file,
    source: 'NODE_EXTRA_CA_CERTS',
  });
  expect(await findCaBundle({ NODE_EXTRA_CA_CERTS: gone, SSL_CERT_FILE: file })).toEqual({
    file,
    source: 'SSL_CERT_FILE',
  });
  expect(await findCaBundle({ npm_config_userconfig: npmrc })).toEqual({ file, source: 'npm cafile' });
  expect(await findCaBundle({ npm_config_userconfig: gone })).toBeUndefined();
});
