import { findDaytonaAccess, stageSnapshotName } from '@iterate/sandbox-daytona';
import { publishSnapshot } from '../daytona/publish-snapshot.js';
import { givenRegistry, ownStage } from '../daytona/snapshot-image.js';
import { imageEventText } from '../display/event-text.js';
import { imageSource } from '../image-source.js';

/** Options of `sandbox publish` as the command line gives them. */
export interface PublishFlags {
  readonly ref?: string;
  readonly registry?: string;
  readonly force?: boolean;
  readonly cpu: number;
  readonly memory: number;
  readonly disk: number;
  readonly json?: boolean;
}

/** `sandbox publish`: prints the name of an active Daytona snapshot. */
export async function publishCommand(stage: string, flags: PublishFlags, signal: AbortSignal): Promise<void> {
  const named = stage === 'dev' ? ownStage() : stage;
  // What can be wrong is found out before anything is built.
  stageSnapshotName(named, new Date());
  findDaytonaAccess({});
  const tell = (text: string) => process.stderr.write(`${text}\n`);
  const registry = flags.registry ?? givenRegistry();
  const { image, snapshot } = await publishSnapshot({
    stage: named,
    image: {
      ...(await imageSource(process.cwd(), flags.ref === undefined ? {} : { ref: flags.ref })),
      onProgress: (event) => {
        const text = imageEventText(event);
        if (text !== undefined) tell(text);
      },
    },
    resources: { cpu: flags.cpu, memoryGib: flags.memory, diskGib: flags.disk },
    force: flags.force ?? false,
    signal,
    onLog: tell,
    ...(registry === undefined ? {} : { registry }),
  });
  if (snapshot.reused) tell('Daytona has a snapshot of this image already; --force makes a new one.');
  const result = flags.json === true ? JSON.stringify({ ...image, snapshot }, undefined, 2) : snapshot.name;
  process.stdout.write(`${result}\n`);
}
