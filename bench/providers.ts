/**
 * What the drivers of sandboxes cost beside what they are made of: dockerode, the docker CLI and Daytona's SDK, in
 * one run and in turns.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchOptions } from './bench-options.js';
import { measureDaytona } from './providers/daytona.js';
import { measureDocker } from './providers/docker.js';

const options = benchOptions(
  `usage: pnpm --filter bench run providers [--rounds 7] [--only docker|daytona] [--image iterate-sandbox-base:local]`,
  {
    rounds: { type: 'string', default: '7' },
    image: { type: 'string', default: 'iterate-sandbox-base:local' },
    only: { type: 'string' },
  },
);
const dir = await mkdtemp(join(tmpdir(), 'bench-providers-'));
const printLoad = () => process.stdout.write(`load of this machine: ${loadavg()[0]?.toFixed(1)}\n`);
try {
  printLoad();
  const met: boolean[] = [];
  const settings = { image: options.image, rounds: Number(options.rounds), dir };
  if (options.only !== 'daytona') met.push(await measureDocker(settings));
  if (options.only !== 'docker') met.push(await measureDaytona(settings));
  printLoad();
  process.exitCode = met.every(Boolean) ? 0 : 1;
} finally {
  await rm(dir, { recursive: true, force: true });
}
