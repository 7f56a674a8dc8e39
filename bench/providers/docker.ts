import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { dockerProvider } from '@iterate/sandbox-docker';
import type { Sandbox } from '@iterate/sandbox-provider';
import Docker from 'dockerode';
import { execa } from 'execa';
import { timed } from '../up/measure.js';
import { interleaved } from './interleaved.js';
import { largeArchive } from './large-archive.js';
import { peakGrowth } from './peak-memory.js';
import { printHeading, printLine, printMemory } from './report.js';

const OUTPUT_BYTES = 200_000_000;
const ARCHIVE_BYTES = 100_000_000;
const MEGABYTE = 1e6;
const IDLE = ['sleep', '3600'];
const PRINT = ['head', '-c', String(OUTPUT_BYTES), '/dev/zero'];

/** The Docker driver beside dockerode and the docker CLI. @returns whether every bar is met */
export async function measureDocker(options: {
  image: string;
  rounds: number;
  dir: string;
}): Promise<boolean> {
  const { image, rounds, dir } = options;
  await using connection = await dockerProvider.connect({});
  const docker = new Docker();
  await using sandbox = await connection.create({ image, command: IDLE });
  const container = docker.getContainer(sandbox.id);
  const met: boolean[] = [];
  printHeading(`Docker, ${rounds} rounds in turns`);

  met.push(
    printLine({
      what: "exec(['true']), p50",
      peer: 'dockerode',
      atMost: 1.2,
      outcome: await interleaved(rounds * 4, {
        ours: async () => (await timed(() => sandbox.exec(['true']))).ms,
        peer: async () => (await timed(() => rawExec(container, ['true']))).ms,
      }),
    }),
  );

  const grown = await peakGrowth(() => readOutput(sandbox));
  const dockerExec = async () =>
    (await timed(() => execa('docker', ['exec', sandbox.id, ...PRINT], { stdout: 'ignore' }))).ms;
  met.push(
    printLine({
      what: 'spawn, 200 MB of stdout read',
      peer: 'docker exec >/dev/null',
      atMost: 1 / 0.8,
      bytes: OUTPUT_BYTES,
      outcome: await interleaved(rounds, {
        ours: async () => (await timed(() => readOutput(sandbox))).ms,
        peer: dockerExec,
      }),
    }),
    printMemory('peak of resident memory, above the start', grown, 100 * MEGABYTE),
    printLine({
      what: 'exec, 200 MB of stdout, the last 16 MiB kept',
      peer: 'docker exec >/dev/null',
      atMost: 1 / 0.8,
      bytes: OUTPUT_BYTES,
      outcome: await interleaved(rounds, {
        ours: async () => (await timed(async () => (await sandbox.exec(PRINT)).orThrow())).ms,
        peer: dockerExec,
      }),
    }),
  );

  met.push(...(await measureCreate(connection, docker, sandbox, { image, rounds })));
  met.push(...(await measureFiles(sandbox, dir, rounds)));
  return met.every(Boolean);
}

async function measureCreate(
  connection: Awaited<ReturnType<typeof dockerProvider.connect>>,
  docker: Docker,
  model: Sandbox,
  { image, rounds }: { image: string; rounds: number },
): Promise<boolean[]> {
  const plain = { Image: image, Cmd: IDLE };
  // What the driver asks of the engine, sent by hand: the difference is the driver's own.
  const { HostConfig } = await docker.getContainer(model.id).inspect();
  const create = (first: (fresh: Sandbox) => Promise<unknown>) => async () => {
    const { value, ms } = await timed(async () => {
      const fresh = await connection.create({ image, command: IDLE });
      await first(fresh);
      return fresh;
    });
    await value.destroy();
    return ms;
  };
  const createRaw = (config: Docker.ContainerCreateOptions) => async () => {
    const { value, ms } = await timed(async () => {
      const fresh = await docker.createContainer(config);
      await fresh.start();
      await rawExec(fresh, ['true']);
      return fresh;
    });
    await value.remove({ force: true, v: true });
    return ms;
  };
  const dockerRun = async () => {
    const { value, ms } = await timed(() => execa('docker', ['run', '--detach', image, ...IDLE]));
    await docker.getContainer(value.stdout).remove({ force: true, v: true });
    return ms;
  };
  const exec = create((fresh) => fresh.exec(['true']));
  const contests = [
    ['create until the first exec has ended', 'dockerode, nothing hardened', exec, createRaw(plain), 1.3],
    ['', 'dockerode, same config', exec, createRaw({ ...plain, HostConfig }), 1.3],
    ['create until it runs', 'docker run -d', create(async () => undefined), dockerRun, undefined],
  ] as const;
  const met: boolean[] = [];
  for (const [what, peer, ours, theirs, atMost] of contests)
    met.push(
      printLine({
        what,
        peer,
        ...(atMost === undefined ? {} : { atMost }),
        outcome: await interleaved(rounds * 2, { ours, peer: theirs }),
      }),
    );
  return met;
}

async function measureFiles(sandbox: Sandbox, dir: string, rounds: number): Promise<boolean[]> {
  const { file, tar, name } = await largeArchive(dir, ARCHIVE_BYTES);
  const target = '/var/tmp';
  const clean = () => sandbox.exec(['rm', '-f', `${target}/${name}`]);
  const cleanly = async (work: () => Promise<unknown>) => {
    await clean();
    return (await timed(work)).ms;
  };
  const put = () => sandbox.fs.putArchive(createReadStream(tar), target);
  const grown = await peakGrowth(put);
  const met = [
    printLine({
      what: 'putArchive, 100 MB',
      peer: 'docker cp -',
      atMost: 1 / 0.8,
      bytes: ARCHIVE_BYTES,
      outcome: await interleaved(rounds, {
        ours: () => cleanly(put),
        peer: () =>
          cleanly(() =>
            execa('docker', ['cp', '-', `${sandbox.id}:${target}`], { input: createReadStream(tar) }),
          ),
      }),
    }),
    printMemory('peak of resident memory, above the start', grown, 100 * MEGABYTE),
    printLine({
      what: 'upload of a file, 100 MB',
      peer: 'docker cp',
      atMost: 1 / 0.8,
      bytes: ARCHIVE_BYTES,
      outcome: await interleaved(rounds, {
        ours: () => cleanly(() => sandbox.fs.upload(file, `${target}/${name}`)),
        peer: () => cleanly(() => execa('docker', ['cp', file, `${sandbox.id}:${target}/${name}`])),
      }),
    }),
  ];
  await sandbox.fs.upload(file, `${target}/${name}`);
  const back = join(dir, 'back.bin');
  const freshly = async (work: () => Promise<unknown>) => {
    await rm(back, { force: true });
    return (await timed(work)).ms;
  };
  met.push(
    printLine({
      what: 'download of a file, 100 MB',
      peer: 'docker cp',
      bytes: ARCHIVE_BYTES,
      outcome: await interleaved(rounds, {
        ours: () => freshly(() => sandbox.fs.download(`${target}/${name}`, back)),
        peer: () => freshly(() => execa('docker', ['cp', `${sandbox.id}:${target}/${name}`, back])),
      }),
    }),
  );
  await clean();
  return met;
}

async function readOutput(sandbox: Sandbox): Promise<void> {
  const { stdout, exit } = await sandbox.spawn(PRINT);
  let bytes = 0;
  for await (const chunk of stdout) bytes += chunk.byteLength;
  const { code } = await exit;
  if (code !== 0 || bytes !== OUTPUT_BYTES) throw new Error(`${bytes} bytes arrived, code ${code}`);
}

/** The calls of a careful user of dockerode: the streams apart, to their end, and the exit code. */
async function rawExec(container: Docker.Container, argv: readonly string[]): Promise<number | null> {
  const exec = await container.exec({ Cmd: [...argv], AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({ hijack: true, stdin: false });
  stream.resume();
  await new Promise((resolve) => stream.once('close', resolve));
  return (await exec.inspect()).ExitCode;
}
