const PREFIX = 'dev.iterate.sandbox';

/** What the CLI notes on each sandbox, to find it again from any terminal. */
export const LABELS = {
  /** Name given by the user, or the repository's default. */
  name: `${PREFIX}.name`,
  /** {@link RepoIdentity.hash}. */
  repo: `${PREFIX}.repo`,
  /** Root of the repository, for people. */
  repoDir: `${PREFIX}.repo-dir`,
  /** Key of its image. */
  key: `${PREFIX}.key`,
  /** Git tree of its image. */
  tree: `${PREFIX}.tree`,
  /** Who made it: {@link sandboxOwner}. */
  owner: `${PREFIX}.owner`,
  /** The run of the CLI that made it. */
  session: `${PREFIX}.session`,
} as const;
