import type { Sandbox, SandboxSpec } from '@iterate/sandbox-provider';
import type { RepoIdentity } from './repo-identity.js';
import { LABELS } from './sandbox-labels.js';
import { DAEMON_PORT, OPENCODE_PORT } from './sandbox-ports.js';
import { generateSecrets, type SandboxSecrets, tokenDigest } from './sandbox-secrets.js';
import type { UpEnvironment, UpImage, UpOptions } from './up.js';

/**
 * Creates and starts the sandbox of an image, with new secrets.
 *
 * @param session Label by which a later run finds it if this one is killed before it is whole.
 */
export async function createSandbox(
  image: UpImage,
  name: string,
  session: string,
  options: UpOptions,
  environment: UpEnvironment,
): Promise<{ sandbox: Sandbox; secrets: SandboxSecrets }> {
  const generated = generateSecrets();
  const spec: SandboxSpec = {
    image: image.reference,
    name,
    labels: labelsOf(image, name, options, environment, session),
    env: {
      ITERATE_DAEMON_HOST: '0.0.0.0',
      ITERATE_DAEMON_TOKEN_SHA256: tokenDigest(generated.token),
      OPENCODE_SERVER_USERNAME: generated.opencodeUsername,
      OPENCODE_SERVER_PASSWORD: generated.opencodePassword,
    },
    ports: [DAEMON_PORT, OPENCODE_PORT],
    ...(options.ttlMs === undefined ? {} : { ttlMs: options.ttlMs }),
  };
  const sandbox = await environment.place(spec, options, environment);
  return { sandbox, secrets: { id: sandbox.id, name, ...generated } };
}

function labelsOf(
  { key, tree }: UpImage,
  name: string,
  { repo }: { repo: RepoIdentity },
  { owner }: { owner: string },
  session: string,
): Record<string, string> {
  return {
    [LABELS.name]: name,
    [LABELS.repo]: repo.hash,
    [LABELS.repoDir]: repo.root,
    [LABELS.key]: key,
    ...(tree === undefined ? {} : { [LABELS.tree]: tree }),
    [LABELS.owner]: owner,
    [LABELS.session]: session,
  };
}
