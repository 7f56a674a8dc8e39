import { SANDBOX_LABEL } from '@iterate/sandbox-docker';

/** What the CLI notes on each sandbox, to find it again from any terminal. */
export const LABELS = {
  /** Name given by the user, or the repository's default. */
  name: `${SANDBOX_LABEL}.name`,
  /** {@link RepoIdentity.hash}. */
  repo: `${SANDBOX_LABEL}.repo`,
  /** Root of the repository, for people. */
  repoDir: `${SANDBOX_LABEL}.repo-dir`,
  /** Key of its image. */
  key: `${SANDBOX_LABEL}.key`,
  /** Git tree of its image. */
  tree: `${SANDBOX_LABEL}.tree`,
  /** The user on this machine who made it. */
  owner: `${SANDBOX_LABEL}.owner`,
  /** The run of the CLI that made it. */
  session: `${SANDBOX_LABEL}.session`,
} as const;
