import { execa, type ResultPromise } from 'execa';
import { SandboxImageError } from './sandbox-image-error.js';

/** What a finished git command left; a non-zero exit is for the caller to read. */
interface GitResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

interface GitCallOptions {
  /** Written to standard input, then closed. */
  input?: string | Uint8Array;
}

/** Runs git in one directory with one environment. */
export interface Git {
  /** Standard output without its last newline. A non-zero exit is a `GIT_FAILED` error. */
  text(args: readonly string[], options?: GitCallOptions): Promise<string>;
  /** Standard output byte for byte, for `-z` output whose paths need not be UTF-8. */
  bytes(args: readonly string[], options?: GitCallOptions): Promise<Uint8Array>;
  /** The exit code as a value, for commands whose failure is an answer. */
  attempt(args: readonly string[]): Promise<GitResult>;
  /** The running process with unbuffered byte streams. */
  spawn(args: readonly string[]): ResultPromise<{ encoding: 'buffer'; buffer: false; stdin: 'pipe' }>;
  /** The same git with more environment. */
  with(env: Readonly<Record<string, string>>): Git;
}

/** Variables that tie git to another repository, as they are set inside a git hook. */
const REPOSITORY_VARIABLES = [
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_CONFIG',
  'GIT_DIR',
  'GIT_GRAFT_FILE',
  'GIT_INDEX_FILE',
  'GIT_LITERAL_PATHSPECS',
  'GIT_NAMESPACE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_QUARANTINE_PATH',
  'GIT_REPLACE_REF_BASE',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
];

/** A git for `cwd` that speaks English, asks nothing, takes no optional locks and ignores replaced objects. */
export function createGit(
  cwd: string,
  options: { signal?: AbortSignal; env?: Readonly<Record<string, string>> } = {},
): Git {
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of REPOSITORY_VARIABLES) delete env[name];
  Object.assign(env, {
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    ...options.env,
  });
  const shared = {
    cwd,
    env,
    extendEnv: false,
    ...(options.signal ? { cancelSignal: options.signal } : {}),
  } as const;

  const finished = async (args: readonly string[], call: GitCallOptions): Promise<Uint8Array> => {
    const result = await execa('git', args, {
      ...shared,
      encoding: 'buffer',
      stripFinalNewline: false,
      maxBuffer: 2 ** 30,
      reject: false,
      ...(call.input === undefined ? { stdin: 'ignore' as const } : { input: call.input }),
    });
    if (result.failed) throw gitFailure(args, result, Buffer.from(result.stderr).toString('utf8'), cwd);
    return result.stdout;
  };

  return {
    async text(args, call = {}) {
      return Buffer.from(await finished(args, call))
        .toString('utf8')
        .replace(/\n$/, '');
    },
    bytes: (args, call = {}) => finished(args, call),
    async attempt(args) {
      const result = await execa('git', args, { ...shared, stdin: 'ignore', reject: false });
      if (result.exitCode === undefined) throw gitFailure(args, result, result.stderr, cwd);
      return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
    },
    spawn: (args) => execa('git', args, { ...shared, encoding: 'buffer', buffer: false, stdin: 'pipe' }),
    with: (more) => createGit(cwd, { ...options, env: { ...options.env, ...more } }),
  };
}

function gitFailure(
  args: readonly string[],
  result: { isCanceled: boolean; code?: string | undefined; exitCode?: number | undefined; cause?: unknown },
  stderr: string,
  cwd: string,
): SandboxImageError {
  if (result.isCanceled) {
    return new SandboxImageError('ABORTED', 'The work on the git repository was aborted.', {
      cause: result.cause,
    });
  }
  if (result.code === 'ENOENT') {
    return new SandboxImageError(
      'GIT_FAILED',
      `git could not be started in ${cwd}: either git is not installed, or the directory does not exist.`,
      { cause: result.cause },
    );
  }
  const reason = stderr.trim() || `exit code ${result.exitCode ?? 'unknown'}`;
  return new SandboxImageError('GIT_FAILED', `git ${args.join(' ')} failed in ${cwd}: ${reason}`, {
    details: { args: [...args], exitCode: result.exitCode, stderr },
    cause: result.cause,
  });
}
