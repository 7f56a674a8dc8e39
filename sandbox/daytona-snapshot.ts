import { userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureStageSnapshot, findDaytonaAccess, stageSnapshotName } from '@iterate/sandbox-daytona';
import { ensureImage, type ImageEvent } from '@iterate/sandbox-image';

const HELP = `Builds the image of a git ref, pushes it, and has Daytona make a snapshot of it; prints the snapshot's name.

  pnpm snapshot:daytona:<prd|stg|dev> [--force]

  --force            make a new snapshot even when there is one of the same image
  --cpu <n>          cores of each sandbox (default: 2)
  --memory <GiB>     memory of each sandbox (default: 4)
  --disk <GiB>       disk of each sandbox (default: 10)

  SANDBOX_ITERATE_REPO_REF   branch, tag or SHA (default: the working tree)
  SANDBOX_IMAGE_REGISTRY     where the image is pushed and Daytona pulls it from: host/path
  DAYTONA_API_KEY            and, for another service than the hosted one, DAYTONA_API_URL`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    force: { type: 'boolean', default: false },
    cpu: { type: 'string', default: '2' },
    memory: { type: 'string', default: '4' },
    disk: { type: 'string', default: '10' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(HELP);
else
  try {
    console.log(await makeSnapshot());
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }

/** @returns the name of an active snapshot */
async function makeSnapshot(): Promise<string> {
  const stage =
    positionals[0] === 'dev' ? `dev-${userInfo().username.toLowerCase()}` : (positionals[0] ?? '');
  // What can be wrong is found out before anything is built.
  stageSnapshotName(stage, new Date());
  findDaytonaAccess({});
  const { SANDBOX_IMAGE_REGISTRY: registry, SANDBOX_ITERATE_REPO_REF: ref } = process.env;
  if (registry === undefined || registry === '')
    throw new Error(
      'There is no registry for Daytona to pull from: set SANDBOX_IMAGE_REGISTRY to its host/path.',
    );

  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const { digest } = await ensureImage({
    repoDir: fileURLToPath(new URL('..', import.meta.url)),
    registry,
    push: true,
    signal: stop.signal,
    onProgress: tell,
    ...(ref === undefined || ref === '' ? {} : { ref }),
  });
  const { name, reused } = await ensureStageSnapshot(
    {},
    {
      stage,
      image: `${registry}@${digest}`,
      resources: { cpu: Number(values.cpu), memoryGib: Number(values.memory), diskGib: Number(values.disk) },
      force: values.force,
      signal: stop.signal,
      onLog: (line) => console.error(line),
    },
  );
  if (reused) console.error('Daytona has a snapshot of this image already; --force makes a new one.');
  return name;
}

function tell(event: ImageEvent): void {
  if (event.type === 'resolved') console.error(`tree ${event.tree}${event.dirty ? ' (working tree)' : ''}`);
  else if (event.type === 'found') console.error(`image found: ${event.where}`);
  else if (event.type === 'building') console.error(`building; log: ${event.logFile}`);
  else if (event.type === 'built') console.error(`built in ${event.seconds.toFixed(0)} s`);
  else if (event.type === 'pushed') console.error(`pushed ${event.reference}`);
  else if (event.type === 'warning') console.error(event.message);
}
