import { type LinuxSignal, SandboxError } from '@iterate/sandbox-provider';
import type { Inside } from './inside.js';
import { SPAWN_MARK } from './spawn-script.js';

const SCRIPT = `command -v grep >/dev/null || exit 125
for f in $(grep -lsF -- "$1" /proc/[0-9]*/environ); do
  p=\${f#/proc/}; kill -s "$2" "\${p%/environ}" 2>/dev/null
done
exit 0`;

/** Signals every process that carries the mark. @param mark Value of {@link SPAWN_MARK}. */
export async function killMarked(inside: Inside, mark: string, signal: LinuxSignal): Promise<void> {
  const { exitCode } = await inside.run(
    'signal a process',
    SCRIPT,
    `${SPAWN_MARK}=${mark}`,
    signal.replace(/^SIG/, ''),
  );
  if (exitCode !== 0)
    throw new SandboxError(
      'ProviderError',
      `Failed to signal a process in the sandbox (code ${exitCode}): the image needs grep for that. Stop the sandbox to end it.`,
      { provider: 'daytona', retryable: false },
    );
}
