import { SandboxError } from '@iterate/sandbox-provider';
import type Docker from 'dockerode';
import * as z from 'zod';
import { SANDBOX_LABEL } from './docker-labels.js';

/** Repository of the images that snapshots make. */
const SNAPSHOT_REPOSITORY = 'iterate-sandbox-snapshot';

/**
 * Keeps a container's file system as an image that starts like the one it came from. What was given to this
 * sandbox alone, its environment (which may hold secrets) and its labels, is blanked.
 *
 * It takes two commits: engines before 25 write the whole configuration of the committed container into the
 * image, so the image to keep is committed from a container that never had those values. The image of the
 * first commit stays on the engine, without a name, as the parent of the second, and goes with it; pushing the
 * snapshot does not push it.
 *
 * @returns the image's reference
 */
export async function commitSnapshot(
  docker: Docker,
  container: Docker.Container,
  name: string,
): Promise<string> {
  if (!/^[\w][\w.-]{0,127}$/.test(name)) {
    const issues = [`name: "${name}" is not a tag: expected letters, digits, "_", "." and "-"`];
    throw new SandboxError('InvalidSpec', `A snapshot cannot be called "${name}".`, { issues });
  }
  const changes = await blankingChanges(docker, container);
  const { Id: first } = committed.parse(await container.commit({ pause: true, changes }));
  const blank = await docker.createContainer({ Image: first });
  try {
    await blank.commit({ repo: SNAPSHOT_REPOSITORY, tag: name, changes });
  } catch (error) {
    await blank.remove();
    await docker.getImage(first).remove();
    throw error;
  }
  await blank.remove();
  return `${SNAPSHOT_REPOSITORY}:${name}`;
}

async function blankingChanges(docker: Docker, container: Docker.Container): Promise<string> {
  const { Config, Image } = await container.inspect();
  const { Config: original } = await docker.getImage(Image).inspect();
  const inherited = new Set(original.Env ?? []);
  const ownEnv = Config.Env.filter((entry) => !inherited.has(entry)).map((entry) => entry.split('=')[0]);
  const ownLabels = Object.entries(Config.Labels)
    .filter(([key, value]) => original.Labels?.[key] !== value)
    .map(([key]) => key);
  return [
    ...ownEnv.map((key) => `ENV ${key}=`),
    ...ownLabels.map((key) => `LABEL ${JSON.stringify(key)}=""`),
    `LABEL ${SANDBOX_LABEL}="snapshot"`,
    `ENTRYPOINT ${JSON.stringify(asList(original.Entrypoint))}`,
    `CMD ${JSON.stringify(asList(original.Cmd))}`,
    `WORKDIR ${original.WorkingDir || '/'}`,
    ...(original.User ? [`USER ${original.User}`] : []),
  ].join('\n');
}

const committed = z.object({ Id: z.string() });

function asList(command: string | string[] | null | undefined): string[] {
  return typeof command === 'string' ? ['/bin/sh', '-c', command] : (command ?? []);
}
