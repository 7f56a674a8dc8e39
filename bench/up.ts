/**
 * What `up` costs: warm beside the bare start of the same programs in the same image, the image's size per layer
 * and, with --cold, `npm run up` in a fresh clone on an empty engine.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { benchOptions } from './bench-options.js';
import { BARE_PROGRAMS, bareStart } from './up/bare-start.js';
import { median, seconds, timed } from './up/measure.js';
import { startScratchEngine } from './up/scratch-engine.js';

const repo = join(import.meta.dirname, '..');
const cli = join(repo, 'apps/sandbox/dist/cli.js');
const services = Object.keys(BARE_PROGRAMS);
const options = benchOptions(`usage: pnpm --filter bench run up [--runs 5] [--cold]`, {
  runs: { type: 'string', default: '5' },
  cold: { type: 'boolean', default: false },
});
const runs = Number(options.runs);

interface WarmRun {
  readonly ms: number;
  readonly image: string;
  /** From the creation of the container until each service was ready, in ms. */
  readonly ready: Readonly<Record<string, number>>;
}

/** One `sandbox up` with the image there and no sandbox. */
async function warmUp(): Promise<WarmRun> {
  const name = `bench-${randomBytes(3).toString('hex')}`;
  const run = (...args: string[]) => execa(process.execPath, [cli, ...args], { cwd: repo });
  try {
    const { value, ms } = await timed(() => run('up', '--name', name, '--json'));
    const { id } = JSON.parse(value.stdout) as { id: string };
    const { stdout } = await run('exec', name, '--', 'pidnap', 'processes', 'list', '--json');
    const format = '{{.Created}} {{.Image}}';
    const [created = '', image = ''] = (
      await execa('docker', ['inspect', '--format', format, id])
    ).stdout.split(' ');
    const list = JSON.parse(stdout) as Array<{ name: string; since: string }>;
    const ready = Object.fromEntries(
      list.map((info) => [info.name, Date.parse(info.since) - Date.parse(created)]),
    );
    return { ms, image, ready };
  } finally {
    await run('rm', name);
  }
}

async function measureWarm(): Promise<void> {
  await warmUp(); // The image exists and the page cache is warm from here on.
  const warm: WarmRun[] = [];
  const bare = new Map(services.map((service) => [service, [] as Awaited<ReturnType<typeof bareStart>>[]]));
  for (let run = 0; run < runs; run += 1) {
    const up = await warmUp();
    warm.push(up);
    for (const service of services) bare.get(service)?.push(await bareStart(up.image, service));
  }
  console.log(
    `\nwarm up, median of ${runs}: from create until ready, beside the bare start in the same image\n`,
  );
  console.log('service          in the sandbox   bare program   bare with its container');
  let slowest = 0;
  for (const service of services) {
    const starts = bare.get(service) ?? [];
    const program = median(starts.map((start) => start.program));
    const whole = median(starts.map((start) => start.program + start.container));
    slowest = Math.max(slowest, whole);
    const inside = median(warm.map(({ ready }) => ready[service] ?? Number.NaN));
    console.log(
      `${service.padEnd(16)} ${seconds(inside).padStart(14)} ${seconds(program).padStart(14)} ${seconds(whole).padStart(25)}`,
    );
  }
  const up = median(warm.map(({ ms }) => ms));
  console.log(
    `\nsandbox up to all ready: ${seconds(up)} (each: ${warm.map(({ ms }) => seconds(ms)).join(', ')})`,
  );
  console.log(`slowest bare start:      ${seconds(slowest)}`);
  console.log(`ratio:                   ${(up / slowest).toFixed(2)} (target: at most 1.5)`);
  const image = warm[0]?.image ?? '';
  await printLayers(image);
}

async function printLayers(image: string): Promise<void> {
  const size = Number((await execa('docker', ['image', 'inspect', '--format', '{{.Size}}', image])).stdout);
  console.log(`\nimage: ${(size / 1e9).toFixed(2)} GB (target: at most 2.4 GB), layers of 1 MB or more:\n`);
  const format = '{{.Size}}\t{{.CreatedBy}}';
  const { stdout } = await execa('docker', ['history', '--no-trunc', '--format', format, image]);
  for (const line of stdout.split('\n')) {
    const [layer = '', command = ''] = line.split('\t');
    if (/[MG]B$/.test(layer))
      console.log(`${layer.padStart(8)}  ${command.replace(/\s+/g, ' ').slice(0, 110) || '(base image)'}`);
  }
}

/** `npm run up` as a new user runs it: a fresh clone, nothing on the engine. The package caches of this machine are as they are. */
async function measureCold(): Promise<void> {
  const clone = await mkdtemp(join(tmpdir(), 'iterate-bench-clone-'));
  await using engine = await startScratchEngine();
  const env = { DOCKER_HOST: engine.host };
  try {
    // The sandbox's user reads the clone, and is not the one who runs this.
    await chmod(clone, 0o755);
    await execa('git', ['clone', '--quiet', repo, clone]);
    const up = () =>
      execa('npm', ['run', 'up', '--', '--name', 'bench-cold'], { cwd: clone, env, stderr: 'inherit' });
    const cold = await timed(up);
    const again = await timed(up);
    await execa(process.execPath, [join(clone, 'apps/sandbox/dist/cli.js'), 'rm', 'bench-cold'], {
      cwd: clone,
      env,
    });
    console.log(
      `\nnpm run up in a fresh clone on an empty engine: ${seconds(cold.ms)}; again: ${seconds(again.ms)}`,
    );
  } finally {
    await rm(clone, { recursive: true, force: true });
  }
}

if (options.cold) await measureCold();
await measureWarm();
