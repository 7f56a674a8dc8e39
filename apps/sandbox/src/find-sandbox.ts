import type { Connection, SandboxInfo } from '@iterate/sandbox-provider';
import { CliError } from './cli-error.js';
import { LABELS } from './sandbox-labels.js';

/** The part of a connection by which sandboxes are found. */
export type SandboxDirectory = Pick<Connection, 'get' | 'list'>;

/** Which sandbox a command is for. */
export interface SandboxQuery {
  /** Name, or at least four digits of the id. */
  readonly name: string | undefined;
  /** {@link RepoIdentity.hash} of the current directory; `undefined` outside a repository. */
  readonly repo: string | undefined;
  /** For the message when there is none. */
  readonly provider: string;
}

/**
 * The one sandbox that is meant: by name or id, or, without a name, the only one of the current repository,
 * or the only one there is.
 *
 * @throws CliError `NoSandbox`, `AmbiguousSandbox`
 */
export async function findSandbox(connection: SandboxDirectory, query: SandboxQuery): Promise<SandboxInfo> {
  const all = await listSandboxes(connection);
  const { name, repo, provider } = query;
  if (name !== undefined) {
    const byName = all.filter((info) => sandboxName(info) === name);
    const candidates =
      byName.length > 0 || name.length < 4 ? byName : all.filter(({ id }) => id.startsWith(name));
    return only(candidates, `There is no sandbox "${name}" on ${provider}. See "sandbox ls" for all.`, name);
  }
  const ofRepo = all.filter(({ labels }) => repo !== undefined && labels[LABELS.repo] === repo);
  const nothing = `There is no sandbox of this repository on ${provider}. Make one with "sandbox up", or see "sandbox ls" for all.`;
  return only(ofRepo.length === 0 && repo === undefined ? all : ofRepo, nothing, undefined);
}

/** Every sandbox, oldest first. */
export async function listSandboxes(connection: SandboxDirectory): Promise<SandboxInfo[]> {
  const all: SandboxInfo[] = [];
  for await (const info of connection.list()) all.push(info);
  return all.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}

/** The name to call it by. */
export function sandboxName(info: SandboxInfo): string {
  return info.labels[LABELS.name] ?? info.name;
}

function only(candidates: readonly SandboxInfo[], nothing: string, name: string | undefined): SandboxInfo {
  const [first, ...others] = candidates;
  if (first === undefined) throw new CliError('NoSandbox', nothing, name === undefined ? {} : { name });
  if (others.length === 0) return first;
  const names = candidates.map(sandboxName);
  throw new CliError(
    'AmbiguousSandbox',
    `Several sandboxes fit: ${names.join(', ')}. Name the one you mean.`,
    { names },
  );
}
