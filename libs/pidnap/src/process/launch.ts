import { type ChildProcess, spawn } from 'node:child_process';

/** What a child is started with. */
export interface LaunchOptions {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: { readonly uid: number; readonly gid: number } | null;
  /** File descriptors for stdout and stderr; the caller closes its own copies. */
  readonly stdio: readonly [number | 'ignore', number | 'ignore'];
  /** Paths that open the same two, also when the descriptors are closed; without them only a fork can pass them on. */
  readonly paths?: readonly [string, string];
}

/** Starts a child that leads its own session and group. */
export type Launch = (options: LaunchOptions) => ChildProcess;

/** By a fork of this process. A failure is an `error` event of the child; E2BIG and the like are thrown. */
export const launchByFork: Launch = ({ argv, cwd, env, user, stdio }) =>
  spawn(argv[0], argv.slice(1), {
    cwd,
    env,
    stdio: ['ignore', ...stdio],
    detached: true,
    ...(user && { uid: user.uid, gid: user.gid }),
  });
