import { SandboxError } from '@iterate/sandbox-provider';

/** Whether the parts that an engine names in its version are Podman's. */
export function isPodman(components: ReadonlyArray<{ readonly Name: string }> | undefined): boolean {
  return components?.some(({ Name }) => /podman/i.test(Name)) ?? false;
}

/** Why a Podman service is not used unless the caller says so: defaults of this driver do not hold there. */
export function podmanRefused(endpoint: string): SandboxError<'Unsupported'> {
  return new SandboxError(
    'Unsupported',
    `${endpoint} is Podman, on which sandboxes can reach each other over the network and their users have capabilities ` +
      '(see "Podman" in the README of @iterate/sandbox-docker). Use Docker, or accept that with connect({ podman: true }).',
    { capability: 'podman', provider: 'docker' },
  );
}
