import { type DockerExtraInput, dockerProvider } from '@iterate/sandbox-docker';
import type { Connection, Sandbox, SandboxInfo } from '@iterate/sandbox-provider';
import { CliError } from './cli-error.js';
import { findSandbox } from './find-sandbox.js';
import { PendingCreations } from './pending-creations.js';
import { identifyRepo, type RepoIdentity } from './repo-identity.js';
import { SecretStore } from './sandbox-secrets.js';

/** What every command works with. */
export interface CommandContext extends AsyncDisposable {
  readonly connection: Connection<'docker', DockerExtraInput>;
  readonly secrets: SecretStore;
  readonly pending: PendingCreations;
  /** Fires on the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** The repository of the current directory, if it is in one. */
  repo(): Promise<RepoIdentity | undefined>;
  /** The sandbox that is meant. @throws CliError `NoSandbox`, `AmbiguousSandbox` */
  find(name: string | undefined): Promise<{ sandbox: Sandbox; info: SandboxInfo }>;
}

/** Connects to the engine. @throws SandboxError `ProviderUnavailable` */
export async function openContext(signal: AbortSignal): Promise<CommandContext> {
  const connection = await dockerProvider.connect({});
  const repo = async () => {
    try {
      return await identifyRepo(process.cwd(), signal);
    } catch (error) {
      if (error instanceof CliError && error.code === 'NoRepository') return undefined;
      throw error;
    }
  };
  return {
    connection,
    secrets: new SecretStore(),
    pending: new PendingCreations(),
    signal,
    repo,
    async find(name) {
      const info = await findSandbox(connection, { name, repo: (await repo())?.hash });
      return { info, sandbox: await connection.get(info.id) };
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}
