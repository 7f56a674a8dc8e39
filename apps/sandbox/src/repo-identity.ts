import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { CliError } from './cli-error.js';
import type { ProviderName } from './provider-name.js';

/** The checkout that a sandbox belongs to. */
export interface RepoIdentity {
  /** Root of the working tree. */
  readonly root: string;
  /** Where the objects are, when that is outside `root`: the checkout is a linked worktree. */
  readonly commonDir: string | undefined;
  /** Tells checkouts apart; 16 hexadecimal digits. */
  readonly hash: string;
  /** Name of a sandbox that is given none: that of the directory, and the first digits of the hash. */
  readonly defaultName: string;
}

/** The repository that `dir` is in. @throws CliError `NoRepository` */
export async function identifyRepo(
  dir: string,
  { provider = 'docker', signal }: { provider?: ProviderName; signal?: AbortSignal } = {},
): Promise<RepoIdentity> {
  const args = ['rev-parse', '--path-format=absolute', '--show-toplevel', '--git-common-dir'];
  const result = await execa('git', args, {
    cwd: dir,
    reject: false,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  const [root = '', commonDir = ''] = result.stdout?.split('\n') ?? [];
  if (result.exitCode !== 0 || root === '') {
    const why = result.stderr?.trim() || result.message;
    throw new CliError(
      'NoRepository',
      `${dir} is in no git repository: ${why}. Run this inside a checkout.`,
      { dir },
    );
  }
  const isWorktree = (await stat(join(root, '.git'))).isFile();
  const hash = createHash('sha256').update(identityOf(root, provider)).digest('hex').slice(0, 16);
  return {
    root,
    commonDir: isWorktree ? commonDir : undefined,
    hash,
    defaultName: `${slug(basename(root))}-${hash.slice(0, 4)}`,
  };
}

/** Who a sandbox belongs to: the user, on a provider that other machines share with the machine's name. */
export function sandboxOwner(provider: ProviderName): string {
  const { username } = userInfo();
  return provider === 'docker' ? username : `${username}@${hostname()}`;
}

/** On a provider that other machines share, the same directory of another user is another checkout. */
function identityOf(root: string, provider: ProviderName): string {
  return provider === 'docker' ? root : `${sandboxOwner(provider)}:${root}`;
}

function slug(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return plain.slice(0, 40) || 'sandbox';
}
