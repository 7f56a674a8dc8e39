import { SandboxError } from '@iterate/sandbox-provider';
import type Docker from 'dockerode';
import { SANDBOX_LABEL } from './docker-labels.js';

/** Repository of the images that snapshots make. */
export const SNAPSHOT_REPOSITORY = 'iterate-sandbox-snapshot';

/**
 * Keeps a container's file system as an image that starts like the one it came from. What was given to this
 * sandbox alone, its environment (which may hold secrets) and its labels, is blanked: an image can be pushed,
 * and the engine's commit would carry both along.
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
  const { Config, Image } = await container.inspect();
  const { Config: original } = await docker.getImage(Image).inspect();
  const inherited = new Set(original.Env ?? []);
  const ownEnv = Config.Env.filter((entry) => !inherited.has(entry)).map((entry) => entry.split('=')[0]);
  const ownLabels = Object.entries(Config.Labels)
    .filter(([key, value]) => original.Labels?.[key] !== value)
    .map(([key]) => key);
  const changes = [
    ...ownEnv.map((key) => `ENV ${key}=`),
    ...ownLabels.map((key) => `LABEL ${JSON.stringify(key)}=""`),
    `LABEL ${SANDBOX_LABEL}="snapshot"`,
    `ENTRYPOINT ${JSON.stringify(asList(original.Entrypoint))}`,
    `CMD ${JSON.stringify(asList(original.Cmd))}`,
    `WORKDIR ${original.WorkingDir || '/'}`,
    ...(original.User ? [`USER ${original.User}`] : []),
  ];
  await container.commit({ repo: SNAPSHOT_REPOSITORY, tag: name, pause: true, changes: changes.join('\n') });
  return `${SNAPSHOT_REPOSITORY}:${name}`;
}

function asList(command: string | string[] | null | undefined): string[] {
  return typeof command === 'string' ? ['/bin/sh', '-c', command] : (command ?? []);
}
