import { isSandboxError, type SandboxInfo, waitUntilIdle } from '@iterate/sandbox-provider';
import type { CommandContext } from '../context.js';
import { shortDuration } from '../duration.js';
import { listSandboxes, sandboxName } from '../find-sandbox.js';
import { portTaken } from '../host-ports.js';
import type { ProviderName } from '../provider-name.js';
import { sandboxOwner } from '../repo-identity.js';
import { LABELS } from '../sandbox-labels.js';

/** `sandbox stop` */
export async function stopCommand(
  context: CommandContext,
  name: string | undefined,
  flags: { timeout: number; whenIdle?: number },
): Promise<void> {
  const { sandbox, info } = await context.find(name);
  if (flags.whenIdle !== undefined) {
    process.stderr.write(
      `Waiting until ${sandboxName(info)} has been idle for ${shortDuration(flags.whenIdle)}.\n`,
    );
    const sampleMs = Math.min(10_000, flags.whenIdle);
    await waitUntilIdle(sandbox, { idleMs: flags.whenIdle, sampleMs, signal: context.signal });
  }
  await sandbox.stop({ timeoutMs: flags.timeout * 1000 });
  process.stderr.write(`Stopped ${sandboxName(info)}. "sandbox start" brings it back as it was.\n`);
}

/** `sandbox start` */
export async function startCommand(context: CommandContext, name: string | undefined): Promise<void> {
  const { sandbox, info } = await context.find(name);
  try {
    await sandbox.start({ signal: context.signal });
  } catch (error) {
    throw isSandboxError(error, 'PortInUse')
      ? await portTaken(context.connection, error.details.port)
      : error;
  }
  process.stderr.write(`Started ${sandboxName(info)}. "sandbox up" waits until its services are ready.\n`);
}

/** `sandbox pause` */
export async function pauseCommand(context: CommandContext, name: string | undefined): Promise<void> {
  const { sandbox, info } = await context.find(name);
  await sandbox.pause();
  process.stderr.write(`Paused ${sandboxName(info)}: it keeps its memory and uses no CPU.\n`);
}

/** `sandbox resume` */
export async function resumeCommand(context: CommandContext, name: string | undefined): Promise<void> {
  const { sandbox, info } = await context.find(name);
  await sandbox.resume();
  process.stderr.write(`Resumed ${sandboxName(info)}.\n`);
}

/** `sandbox extend` */
export async function extendCommand(
  context: CommandContext,
  ms: number,
  name: string | undefined,
): Promise<void> {
  const { sandbox, info } = await context.find(name);
  const { expiresAt } = await sandbox.extend(ms);
  process.stderr.write(`${sandboxName(info)} expires at ${expiresAt.toISOString()}.\n`);
}

/** On a provider that other machines share, all sandboxes are those that this user made from this machine. */
function isOurs(provider: ProviderName): (info: SandboxInfo) => boolean {
  return ({ labels }) => provider === 'docker' || labels[LABELS.owner] === sandboxOwner(provider);
}

/** `sandbox rm`: the container, its anonymous volumes, the shared network with the last one, and the secrets. */
export async function rmCommand(
  context: CommandContext,
  names: readonly string[],
  flags: { all?: boolean },
): Promise<void> {
  const { connection, secrets, provider } = context;
  const infos =
    flags.all === true
      ? (await listSandboxes(connection)).filter(isOurs(provider))
      : await Promise.all(
          (names.length === 0 ? [undefined] : names).map(async (name) => (await context.find(name)).info),
        );
  for (const info of infos) {
    await (await connection.get(info.id)).destroy();
    await secrets.remove(info.id);
    process.stderr.write(`Removed ${sandboxName(info)}.\n`);
  }
  if (infos.length === 0) process.stderr.write('There is nothing to remove.\n');
}
