import { ensureImage, findCaBundle, resolveSource } from '@iterate/sandbox-image';
import pc from 'picocolors';
import { cleanUp } from '../clean-up.js';
import type { CommandContext } from '../context.js';
import { liveDisplay } from '../display/live-display.js';
import { plainDisplay } from '../display/plain-display.js';
import { imageSource } from '../image-source.js';
import { identifyRepo, type RepoIdentity } from '../repo-identity.js';
import { waitForServices } from '../services-ready.js';
import { type UpResult, up } from '../up.js';

/** Options of `sandbox up` as the command line gives them. */
export interface UpFlags {
  readonly name?: string;
  readonly ref?: string;
  readonly build?: boolean;
  readonly mount: boolean;
  readonly port: ReadonlyMap<number, number>;
  readonly json?: boolean;
  /** Seconds. */
  readonly timeout: number;
  /** Milliseconds. */
  readonly ttl?: number;
  readonly keepOnFailure?: boolean;
}

/** `sandbox up` */
export async function upCommand(context: CommandContext, flags: UpFlags): Promise<void> {
  const result = await bringUp(context, await identifyRepo(process.cwd(), context.signal), flags);
  process.stdout.write(flags.json === true ? `${JSON.stringify(result, undefined, 2)}\n` : summary(result));
}

/** Brings up the sandbox of a repository, showing the way on stderr. */
export async function bringUp(
  context: CommandContext,
  repo: RepoIdentity,
  flags: UpFlags,
): Promise<UpResult> {
  // Without --ref a sandbox is made of the working tree, which is what is mounted into it.
  const { ref: _, ...config } = await imageSource(repo.root, {});
  const live = process.stderr.isTTY && flags.json !== true;
  const display = live ? liveDisplay(process.stderr) : plainDisplay((text) => process.stderr.write(text));
  let failure: unknown;
  for (const text of await cleanUp(context.connection, context.secrets, context.pending))
    display.event({ type: 'note', text });
  try {
    const result = await up(
      {
        repo,
        build: flags.build ?? false,
        mount: flags.mount,
        ports: flags.port,
        timeoutMs: flags.timeout * 1000,
        keepOnFailure: flags.keepOnFailure ?? false,
        signal: context.signal,
        ...(flags.ttl === undefined ? {} : { ttlMs: flags.ttl }),
        ...(flags.name === undefined ? {} : { name: flags.name }),
        ...(flags.ref === undefined ? {} : { ref: flags.ref }),
      },
      {
        connection: context.connection,
        secrets: context.secrets,
        pending: context.pending,
        ensureImage: (options) => ensureImage({ ...config, ...options }),
        currentTree,
        caBundle: async () => (await findCaBundle())?.file,
        waitForServices,
        onEvent: (event) => display.event(event),
      },
    );
    await display.end();
    return result;
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    if (failure !== undefined) await display.end(failure);
  }
}

async function currentTree(repoDir: string): Promise<string> {
  await using source = await resolveSource({ repoDir });
  return source.tree;
}

/** What a person wants to know of a sandbox that is ready. */
export function summary({ name, urls, secrets }: UpResult): string {
  const login =
    secrets === undefined ? '' : `  ${pc.dim(`(${secrets.opencodeUsername} / ${secrets.opencodePassword})`)}`;
  return `
${pc.bold(`Sandbox ${name} is ready.`)}

  Daemon    ${pc.cyan(urls.daemon)}
  OpenCode  ${pc.cyan(urls.opencode)}${login}

  Shell     sandbox shell ${name}
  Logs      sandbox logs ${name} -f
  Stop      sandbox stop ${name}     Remove  sandbox rm ${name}
`;
}
