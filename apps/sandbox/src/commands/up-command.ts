import {
  ensureImage,
  findCaBundle,
  type ImageResult,
  resolveSource,
  type Source,
} from '@iterate/sandbox-image';
import pc from 'picocolors';
import { CliError } from '../cli-error.js';
import type { CommandContext } from '../context.js';
import { snapshotImage } from '../daytona/snapshot-image.js';
import { plainDisplay } from '../display/plain-display.js';
import { imageSource } from '../image-source.js';
import { placeOnDaytona } from '../place/place-on-daytona.js';
import { placeOnDocker } from '../place/place-on-docker.js';
import { type ProviderName, requiredProvider } from '../provider-name.js';
import { identifyRepo, type RepoIdentity, sandboxOwner } from '../repo-identity.js';
import { waitForServices } from '../services-ready.js';
import { type UpEnvironment, type UpImage, type UpResult, up } from '../up.js';

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
  /** Of Daytona: a snapshot that exists. */
  readonly snapshot?: string;
  /** Of Daytona, in milliseconds. */
  readonly autoStop?: number;
  readonly keepOnFailure?: boolean;
}

/** `sandbox up` */
export async function upCommand(context: CommandContext, flags: UpFlags): Promise<void> {
  const result = await bringUp(context, await identifyRepo(process.cwd(), context), flags);
  process.stdout.write(
    flags.json === true ? `${JSON.stringify(result, undefined, 2)}\n` : summary(result, context.provider),
  );
}

/** Brings up the sandbox of a repository, showing the way on stderr. */
export async function bringUp(
  context: CommandContext,
  repo: RepoIdentity,
  flags: UpFlags,
): Promise<UpResult> {
  const { provider, signal } = context;
  checkFlags(flags, provider);
  // git looks at the files while the engine is asked what sandboxes there are.
  await using source = lateSource(
    resolveSource({ repoDir: repo.root, signal, ...(flags.ref === undefined ? {} : { ref: flags.ref }) }),
  );
  // Without --ref a sandbox is made of the working tree, which is what is mounted into it.
  const [{ ref: _, ...config }, removed] = await Promise.all([imageSource(repo.root, {}), context.cleanUp()]);
  const live = process.stderr.isTTY && flags.json !== true;
  const display = live
    ? (await import('../display/live-display.js')).liveDisplay(process.stderr)
    : plainDisplay((text) => process.stderr.write(text));
  let failure: unknown;
  for (const text of removed) display.event({ type: 'note', text });
  // What differs between the providers: what a sandbox is made of, and where it is put.
  const places: Record<ProviderName, Pick<UpEnvironment, 'ensureImage' | 'place'>> = {
    docker: {
      ensureImage: async (options) =>
        engineImage(await ensureImage({ ...config, ...options, source: source.get() })),
      place: placeOnDocker,
    },
    daytona: {
      ensureImage: (options) =>
        snapshotImage(
          { ...config, ...options, source: source.get() },
          { name: flags.snapshot, signal, onLog: (text) => display.event({ type: 'log', text }) },
        ),
      place: placeOnDaytona,
    },
  };
  try {
    const result = await up(
      {
        repo,
        build: flags.build ?? false,
        mount: flags.mount && provider === 'docker',
        ports: flags.port,
        timeoutMs: flags.timeout * 1000,
        keepOnFailure: flags.keepOnFailure ?? false,
        signal,
        ...(flags.autoStop === undefined ? {} : { autoStopMs: flags.autoStop }),
        ...(flags.ttl === undefined ? {} : { ttlMs: flags.ttl }),
        ...(flags.name === undefined ? {} : { name: flags.name }),
        ...(flags.ref === undefined ? {} : { ref: flags.ref }),
      },
      {
        connection: context.connection,
        secrets: context.secrets,
        pending: context.pending,
        ...places[provider],
        owner: sandboxOwner(provider),
        currentTree: async () => (await source.get()).tree,
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

/** A source that is being resolved. Only who asks for it hears of a failure. */
function lateSource(resolving: Promise<Source>): { get(): Promise<Source> } & AsyncDisposable {
  const settled = resolving.catch(() => undefined);
  return {
    get: () => resolving,
    [Symbol.asyncDispose]: async () => (await settled)?.[Symbol.asyncDispose](),
  };
}

function engineImage(result: ImageResult): UpImage {
  const { key, tree, imageId, built } = result;
  return { reference: imageId, key, tree, built, result };
}

/** @throws CliError `Usage` for an option that the provider has nothing for */
function checkFlags({ snapshot, autoStop, port, ref, build }: UpFlags, provider: ProviderName): void {
  const wrong = (option: string, why: string) => new CliError('Usage', `${option}: ${why}`, { option });
  if (provider === 'docker') {
    const here = 'sandboxes on docker have none; choose --provider daytona.';
    if (snapshot !== undefined) throw wrong('--snapshot', here);
    if (autoStop !== undefined) throw wrong('--auto-stop', here);
    return;
  }
  if (port.size > 0) throw wrong('--port', `sandboxes on ${provider} take no ports of this machine.`);
  if (snapshot !== undefined && (ref !== undefined || build === true))
    throw wrong('--snapshot', 'it is used as it is: leave out --ref and --build.');
}

/** What a person wants to know of a sandbox that is ready. */
export function summary({ name, urls, secrets }: UpResult, provider: ProviderName): string {
  const login =
    secrets === undefined ? '' : `  ${pc.dim(`(${secrets.opencodeUsername} / ${secrets.opencodePassword})`)}`;
  // Commands without --provider mean the one that the environment names, or the default.
  const on = provider === requiredProvider(undefined) ? name : `${name} --provider ${provider}`;
  return `
${pc.bold(`Sandbox ${name} is ready.`)}

  Daemon    ${pc.cyan(urls.daemon)}
  OpenCode  ${pc.cyan(urls.opencode)}${login}

  Shell     sandbox shell ${on}
  Logs      sandbox logs --name ${on} -f
  Stop      sandbox stop ${on}     Remove  sandbox rm ${on}
`;
}
