import { SandboxError } from '@iterate/sandbox-provider';

const SNAPSHOT_NAME = /^[a-zA-Z0-9_.\-:]+(\/[a-zA-Z0-9_.\-:]+)*(@sha256:[a-f0-9]{64})?$/;
const DIGEST = /@sha256:[a-f0-9]{64}$/;
const REFUSED_TAGS = new Set(['latest', 'lts', 'stable']);

/** Refuses a snapshot's name that the service refuses. @throws SandboxError `InvalidSpec` */
export function checkSnapshotName(name: string): void {
  if (!SNAPSHOT_NAME.test(name))
    throw invalid(
      `The snapshot name "${name}" may hold only letters, digits, "_", ".", "-", ":" and "/" between parts.`,
    );
}

/**
 * Refuses an image reference that the service refuses: one without a tag or digest, or with a tag that
 * moves.
 *
 * @throws SandboxError `InvalidSpec`
 */
export function checkImageReference(image: string): void {
  if (image === '' || /\s/.test(image))
    throw invalid(`The image reference "${image}" is empty or has a space in it.`);
  if (DIGEST.test(image)) return;
  const tag = image.slice(image.lastIndexOf('/') + 1).split(':')[1];
  if (tag === undefined || tag === '')
    throw invalid(`The image "${image}" has no tag. Daytona takes only references with a tag or a digest.`);
  if (REFUSED_TAGS.has(tag))
    throw invalid(
      `The image "${image}" has the tag "${tag}", which Daytona refuses since it moves. Use a fixed tag or a digest.`,
    );
}

function invalid(message: string): SandboxError<'InvalidSpec'> {
  return new SandboxError('InvalidSpec', message, { issues: [message] });
}
