/**
 * What making an image costs: the context, the key and a snapshot that is there already, and with --build a build from
 * nothing and after an edit of one line, next to plain `docker build .` of the same content; with --compare also how
 * two builds of one commit differ: it fails when a difference has no known reason.
 */
import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBuildCli, findCaBundle, keyOfImage } from '@iterate/sandbox-image';
import { execa } from 'execa';
import { benchOptions } from './bench-options.js';
import { imageFiles } from './image/image-files.js';
import { reasonOfDifference } from './image/known-differences.js';
import { nxFloor } from './image/nx-floor.js';
import { report } from './image/report.js';
import { syntheticRepository } from './image/synthetic-repository.js';
import { median, timed } from './up/measure.js';

const options = benchOptions(`usage: pnpm --filter bench image [--runs 10] [--build] [--compare]`, {
  runs: { type: 'string', default: '10' },
  build: { type: 'boolean', default: false },
  compare: { type: 'boolean', default: false },
});
const runs = Number(options.runs);
const repo = join(import.meta.dirname, '..');
const cli = join(repo, 'apps/sandbox/dist/cli.js');
const dockerfile = 'sandbox/Dockerfile';
const name = `bench-image-${randomBytes(3).toString('hex')}`;
const work = await mkdtemp(join(tmpdir(), 'bench-image-'));
const clone = join(work, 'clone');
// The base that bootstrap makes goes by the name of the product's own images.
const base = await execa('docker', ['image', 'inspect', 'iterate-sandbox-base:local'], { reject: false });
const baseImage = base.exitCode === 0 ? ['--base-image=iterate-sandbox-base:local'] : [];
const env = { ITERATE_SANDBOX_IMAGE_DIR: join(work, 'store'), NX_DAEMON: 'false', NX_TUI: 'false' };

/** Medians in ms of works done in turn, so that a change of the load touches all of them. */
const inTurn = async <Works extends readonly (() => Promise<unknown>)[]>(
  ...works: Works
): Promise<{ [K in keyof Works]: number }> => {
  const times = works.map((): number[] => []);
  for (let run = 0; run < runs; run += 1)
    for (const [n, work] of works.entries()) times[n]?.push((await timed(work)).ms);
  return times.map(median) as { [K in keyof Works]: number };
};
const bareNode = () => execa(process.execPath, ['--eval', '0']);
const snapshot = (...args: string[]) =>
  execa(process.execPath, [cli, 'snapshot', '--name', name, ...baseImage, ...args], { cwd: clone, env });

/** Streams a context as a user does, to nowhere. The time is that of the whole command. */
async function streamContext(
  cwd: string,
  ...args: string[]
): Promise<{ ms: number; bytes: number; memory: number }> {
  const memoryFile = join(work, 'memory');
  const preload = new URL('image/tell-memory.mjs', import.meta.url).href;
  let bytes = 0;
  const { ms } = await timed(async () => {
    const context = execa(process.execPath, ['--import', preload, cli, 'image', 'context', ...args], {
      cwd,
      env: { ...env, BENCH_MEMORY_FILE: memoryFile },
      encoding: 'buffer',
      buffer: false,
    });
    for await (const chunk of context.stdout) bytes += (chunk as Uint8Array).length;
    await context;
  });
  return { ms, bytes, memory: Number(await readFile(memoryFile, 'utf8')) };
}

async function measureContexts(): Promise<void> {
  let own = await streamContext(clone, '--ref', 'HEAD');
  const [bare, ownMs] = await inTurn(bareNode, async () => {
    own = await streamContext(clone, '--ref', 'HEAD');
  });
  report(
    `context of this repository (${megabytes(own.bytes).toFixed(0)} MB): beyond Node's start`,
    ownMs - bare,
    'ms',
    { most: 500 },
  );
  await using large = await syntheticRepository(20_000, 2000, 5000);
  for (const [title, ref] of [
    ['a ref', 'main'],
    ['the working tree', undefined],
  ] as const) {
    const input = { repoDir: large.dir, dockerfile: 'Dockerfile', ...(ref === undefined ? {} : { ref }) };
    const [key] = await inTurn(() => keyOfImage(input));
    report(`20,000 files, 2,000 commits, ${title}: key`, key, 'ms', { most: 300 });
    const args = ['--dockerfile', 'Dockerfile', ...(ref === undefined ? [] : ['--ref', ref])];
    const context = await streamContext(large.dir, ...args);
    const rate = megabytes(context.bytes) / (context.ms / 1000);
    report(`  context (${megabytes(context.bytes).toFixed(0)} MB), Node's start included`, rate, 'MB/s', {
      least: 50,
    });
    report('  most memory of the process', megabytes(context.memory), 'MB', { most: 150 });
  }
}

async function measureNoOp(): Promise<void> {
  await snapshot();
  await plainBuild();
  const [bare, there, plain] = await inTurn(
    bareNode,
    () => snapshot(),
    () => plainBuild(),
  );
  report('start of Node alone', bare, 'ms');
  report('sandbox snapshot, image there: beyond that', there - bare, 'ms', { most: 300 });
  report('docker build ., nothing changed: beyond that', plain - bare, 'ms');

  const nx = (cwd: string, ...args: string[]) =>
    execa(process.execPath, [join(repo, 'node_modules/nx/dist/bin/nx.js'), 'run', ...args], { cwd, env });
  const floor = join(work, 'floor');
  await nxFloor(floor, repo);
  // The workspace's own commit: whoever edits it meanwhile does not change what is asked for.
  const { stdout: commit } = await execa('git', ['rev-parse', 'HEAD'], { cwd: clone });
  const viaNx = () => nx(repo, 'sandbox:snapshot', `--ref=${commit}`, `--name=${name}`, ...baseImage);
  await viaNx();
  const [nothing, ensured] = await inTurn(() => nx(floor, 'floor:nothing'), viaNx);
  report('nx run of nothing, no daemon', nothing, 'ms');
  report('nx run sandbox:snapshot, image there, no daemon', ensured, 'ms', { most: 2000 });
}

/** Plain `docker build .` of the clone, as the Dockerfile's own comment says. */
async function plainBuild(...args: string[]): Promise<void> {
  const build = await findBuildCli();
  const ca = await findCaBundle();
  await execa(
    build.file,
    [
      ...[
        ...build.args,
        '--tag',
        `${name}:plain`,
        '--label',
        `dev.iterate.image.name=${name}`,
        '--file',
        dockerfile,
      ],
      ...(base.exitCode === 0 ? ['--build-arg', 'BASE_IMAGE=iterate-sandbox-base:local'] : []),
      ...(ca ? ['--secret', `id=ca,src=${ca.file}`] : []),
      ...[...args, '.'],
    ],
    { cwd: clone, env: build.env },
  );
}

async function measureBuilds(): Promise<void> {
  const cold = (await timed(() => snapshot('--no-cache'))).ms;
  report('cold build, sandbox snapshot (package caches warm)', cold, 'ms');
  const plainCold = (await timed(() => plainBuild('--no-cache'))).ms;
  report('cold build, docker build .', plainCold, 'ms');
  await appendFile(join(clone, 'apps/daemon/src/server.ts'), `// ${name}\n`);
  const edited = (await timed(() => snapshot())).ms;
  report('one line of the daemon edited, sandbox snapshot', edited, 'ms', { most: cold * 0.2 });
  await appendFile(join(clone, 'apps/daemon/src/server.ts'), `// ${name} again\n`);
  report('one line of the daemon edited, docker build .', (await timed(() => plainBuild())).ms, 'ms');
  await appendFile(join(clone, 'README.md'), `${name}\n`);
  report('one line of the README edited, sandbox snapshot', (await timed(() => snapshot())).ms, 'ms');
}

/** @returns Whether all differences have a known reason. */
async function compareBuilds(): Promise<boolean> {
  const build = async (): Promise<Map<string, string>> => {
    const { stdout } = await snapshot('--no-cache', '--json');
    return imageFiles((JSON.parse(stdout) as { imageId: string }).imageId);
  };
  const [first, second] = [await build(), await build()];
  const paths = [...new Set([...first.keys(), ...second.keys()])].sort();
  const differing = paths.filter((path) => first.get(path) !== second.get(path));
  report('files, directories and links in the image', first.size, 'files');
  report('that differ between two builds of one commit', differing.length, 'files');
  for (const path of differing)
    process.stdout.write(`  ${path}: ${reasonOfDifference(path) ?? 'UNEXPECTED'}\n`);
  return differing.every((path) => reasonOfDifference(path) !== undefined);
}

function megabytes(bytes: number): number {
  return bytes / 1e6;
}

try {
  process.stdout.write(
    `load of this machine: ${loadavg()[0]?.toFixed(1)}, cores: ${availableParallelism()}\n`,
  );
  await execa('git', ['clone', '--quiet', '--no-hardlinks', repo, clone]);
  await measureContexts();
  if (options.build) await measureBuilds();
  await measureNoOp();
  if (options.compare && !(await compareBuilds())) process.exitCode = 1;
} finally {
  // An image of the same content that was here before has only got a tag.
  const listed = await Promise.all([
    execa('docker', ['images', '--format', '{{.Repository}}:{{.Tag}}', name]),
    execa('docker', ['images', '--quiet', '--filter', `label=dev.iterate.image.name=${name}`]),
  ]);
  for (const { stdout } of listed) {
    const images = [...new Set(stdout.split('\n').filter((image) => image !== ''))];
    if (images.length > 0) await execa('docker', ['rmi', '--force', ...images], { reject: false });
  }
  await rm(work, { recursive: true, force: true });
}
