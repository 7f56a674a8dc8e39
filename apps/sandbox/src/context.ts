import type { Sandbox, SandboxInfo } from '@iterate/sandbox-provider';
import { cleanUp } from './clean-up.js';
import { CliError } from './cli-error.js';
import { connectProvider, type SandboxConnection } from './connect-provider.js';
import { findSandbox } from './find-sandbox.js';
import { PendingCreations } from './pending-creations.js';
import type { ProviderName } from './provider-name.js';
import { identifyRepo, type RepoIdentity } from './repo-identity.js';
import { SecretStore } from './sandbox-secrets.js';

/** What every command works with. */
export interface CommandContext extends AsyncDisposable {
  readonly provider: ProviderName;
  readonly connection: SandboxConnection;
  readonly secrets: SecretStore;
  readonly pending: PendingCreations;
  /** Fires on the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** The repository of the current directory, if it is in one. */
  repo(): Promise<RepoIdentity | undefined>;
  /** The sandbox that is meant. @throws CliError `NoSandbox`, `AmbiguousSandbox` */
  find(name: string | undefined): Promise<{ sandbox: Sandbox; info: SandboxInfo }>;
  /** Removes what should not be there. @returns what was removed, in words */
  cleanUp(): Promise<string[]>;
}

/** Connects to a provider. @throws SandboxError `ProviderUnavailable`, `InvalidSpec` without credentials */
export async function openContext(provider: ProviderName, signal: AbortSignal): Promise<CommandContext> {
  const connection = await connectProvider(provider);
  const secrets = new SecretStore();
  const pending = new PendingCreations(provider);
  const repo = async () => {
    try {
      return await identifyRepo(process.cwd(), { provider, signal });
    } catch (error) {
      if (error instanceof CliError && error.code === 'NoRepository') return undefined;
      throw error;
    }
  };
  return {
    provider,
    connection,
    secrets,
    pending,
    signal,
    repo,
    async find(name) {
      const info = await findSandbox(connection, { name, repo: (await repo())?.hash, provider });
      return { info, sandbox: await connection.get(info.id) };
    },
    cleanUp: () => cleanUp(connection, secrets, pending),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}
