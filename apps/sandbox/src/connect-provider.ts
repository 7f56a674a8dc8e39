import type { Connection, CreateOptions, Sandbox, SandboxSpec } from '@iterate/sandbox-provider';
import { PROVIDER_NAMES, type ProviderName } from './provider-name.js';

/** A connection to whichever provider was chosen: what the commands are written against. */
export type SandboxConnection = Pick<
  Connection,
  'provider' | 'capabilities' | 'images' | 'get' | 'list' | 'prepare'
> &
  AsyncDisposable & {
    create(spec: SandboxSpec, options?: CreateOptions): Promise<Sandbox>;
  };

/**
 * Connects to a provider. Its driver is loaded here and nowhere else, so that nobody waits for the one that was not
 * chosen.
 *
 * @throws SandboxError `ProviderUnavailable`; `InvalidSpec` without credentials, naming the variable
 */
export async function connectProvider(name: ProviderName): Promise<SandboxConnection> {
  if (name === 'daytona') return (await import('@iterate/sandbox-daytona')).daytonaProvider.connect({});
  return (await import('@iterate/sandbox-docker')).dockerProvider.connect({});
}

/** The providers that this machine is set up for, reachable or not; the default one when there is none. */
export async function configuredProviders(env: NodeJS.ProcessEnv = process.env): Promise<ProviderName[]> {
  const { findDockerHost } = await import('@iterate/sandbox-docker');
  const hasDocker = await findDockerHost().then(
    () => true,
    // A selected context that is broken is a set-up that does not work; no socket anywhere is none.
    (error: unknown) => !(error instanceof Error && 'code' in error && error.code === 'ProviderUnavailable'),
  );
  const has: Record<ProviderName, boolean> = { docker: hasDocker, daytona: Boolean(env.DAYTONA_API_KEY) };
  const names = PROVIDER_NAMES.filter((name) => has[name]);
  return names.length > 0 ? names : [PROVIDER_NAMES[0]];
}
