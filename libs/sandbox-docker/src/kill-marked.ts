import type { LinuxSignal } from '@iterate/sandbox-provider';
import { SandboxError } from '@iterate/sandbox-provider';
import type Docker from 'dockerode';
import { type CallContext, guarded } from './docker-error.js';

/** Environment variable that every process started by the driver carries, and its children inherit. */
export const EXEC_MARK = 'ITERATE_SANDBOX_EXEC';

const SCRIPT = `command -v grep >/dev/null || exit 127
for f in $(grep -lsF -- "$1" /proc/[0-9]*/environ); do
  p=\${f#/proc/}
  kill -s "$2" "\${p%/environ}" 2>/dev/null
done
exit 0`;

/**
 * Signals every process that carries the mark. Runs inside, so it works however far away the engine is; as
 * the same user, since only that user may read those environments.
 *
 * @param mark Value of {@link EXEC_MARK}.
 */
export async function killMarked(
  container: Docker.Container,
  mark: string,
  signal: LinuxSignal,
  user: string | undefined,
  context: CallContext,
): Promise<void> {
  const argv = ['/bin/sh', '-c', SCRIPT, 'sh', `${EXEC_MARK}=${mark}`, signal.replace(/^SIG/, '')];
  await guarded(context, async () => {
    const exec = await container.exec({
      Cmd: argv,
      AttachStdout: true,
      AttachStderr: true,
      ...(user === undefined ? {} : { User: user }),
    });
    const stream = await exec.start({ hijack: true });
    stream.resume();
    await new Promise((resolve) => stream.once('close', resolve));
    const { ExitCode } = await exec.inspect();
    if (ExitCode === 0) return;
    throw new SandboxError(
      'ProviderError',
      `Failed to end a process in the sandbox (code ${ExitCode}): the image needs /bin/sh and grep for that. Stop the sandbox to end it.`,
      { provider: 'docker', retryable: false },
    );
  });
}
