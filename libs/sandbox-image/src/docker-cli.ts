import { execa } from 'execa';
import { type EngineSocket, findEngineSocket } from './engine-socket.js';
import { SandboxImageError } from './sandbox-image-error.js';

/** Runs the docker command, which knows the user's contexts, TLS keys and registry logins. */
export interface DockerCli {
  /** Standard output. A non-zero exit is an `ENGINE_FAILED` error unless `tolerate` accepts what was said. */
  text(args: readonly string[], options?: { tolerate?: (stderr: string) => boolean }): Promise<string>;
  /** The same engine without the command in between, where that is possible. */
  socket(): Promise<EngineSocket | undefined>;
}

/** The first `docker` on PATH; any version can look, tag and push. */
export function createDockerCli(options: { signal?: AbortSignal } = {}): DockerCli {
  let socket: Promise<EngineSocket | undefined> | undefined;
  return {
    socket: () => {
      socket ??= findEngineSocket({ signal: options.signal });
      return socket;
    },
    async text(args, { tolerate } = {}) {
      const result = await execa('docker', args, {
        stdin: 'ignore',
        reject: false,
        maxBuffer: 2 ** 28,
        ...(options.signal ? { cancelSignal: options.signal } : {}),
      });
      if (!result.failed || (result.exitCode !== undefined && tolerate?.(result.stderr)))
        return result.stdout;
      throw dockerFailure(args, result);
    },
  };
}

/** Says in one error why a docker command did not succeed. */
function dockerFailure(
  args: readonly string[],
  result: {
    isCanceled: boolean;
    code?: string | undefined;
    exitCode?: number | undefined;
    stderr?: string;
    cause?: unknown;
  },
): SandboxImageError {
  const { cause } = result;
  const stderr = (result.stderr ?? '').trim();
  if (result.isCanceled) {
    return new SandboxImageError('ABORTED', 'The work on the Docker engine was aborted.', { cause });
  }
  if (result.code === 'ENOENT') {
    return new SandboxImageError('DOCKER_MISSING', 'There is no docker command on PATH: install Docker.', {
      cause,
    });
  }
  if (/cannot connect to the docker daemon|error during connect|permission denied.*docker/i.test(stderr)) {
    return new SandboxImageError(
      'ENGINE_UNREACHABLE',
      `The Docker engine does not answer: ${stderr} Start it, or point DOCKER_HOST or the docker context at one.`,
      { cause },
    );
  }
  return new SandboxImageError(
    'ENGINE_FAILED',
    `docker ${args[0] ?? ''} failed: ${stderr || `exit code ${result.exitCode ?? 'unknown'}`}`,
    { details: { args: [...args], exitCode: result.exitCode, stderr }, cause },
  );
}
