import type { EnsureImageOptions, ImageEvent, ImageResult } from '@iterate/sandbox-image';
import { isSandboxError, type Sandbox, type SandboxInfo, type SandboxSpec } from '@iterate/sandbox-provider';
import { CliError } from './cli-error.js';
import type { SandboxConnection } from './connect-provider.js';
import { createSandbox } from './create-sandbox.js';
import { listSandboxes, type SandboxDirectory } from './find-sandbox.js';
import { portTaken } from './host-ports.js';
import { pageOf } from './page-of.js';
import type { PendingCreations } from './pending-creations.js';
import type { RepoIdentity } from './repo-identity.js';
import { LABELS } from './sandbox-labels.js';
import { DAEMON_PORT, OPENCODE_PORT } from './sandbox-ports.js';
import type { SandboxSecrets, SecretStore } from './sandbox-secrets.js';
import type { ServiceChange, waitForServices } from './services-ready.js';

/** What `up` is asked for. */
export interface UpOptions {
  readonly repo: RepoIdentity;
  readonly name?: string;
  /** Build the image of this ref; without a mount, since the files are those of the ref. */
  readonly ref?: string;
  /** Build the image even if it exists, and replace a sandbox that was made from another one. */
  readonly build: boolean;
  readonly mount: boolean;
  /** Ports inside to ports on the host that must be free. */
  readonly ports: ReadonlyMap<number, number>;
  /** For the services to become ready, from the start of the container. */
  readonly timeoutMs: number;
  /** Milliseconds after which the sandbox expires. @default never */
  readonly ttlMs?: number;
  /** Milliseconds without a call after which Daytona stops the sandbox; 0 for never. @default the service's */
  readonly autoStopMs?: number;
  /** Leave a sandbox whose services do not become ready, to look into it. */
  readonly keepOnFailure: boolean;
  readonly signal: AbortSignal;
}

/** What happens on the way. */
export type UpEvent =
  | { readonly type: 'image'; readonly event: ImageEvent }
  | { readonly type: 'image-ready'; readonly image: UpImage }
  | { readonly type: 'port-moved'; readonly inside: number; readonly wanted: number; readonly host: number }
  | { readonly type: 'creating' }
  | {
      readonly type: 'created' | 'reused' | 'started' | 'replaced';
      readonly name: string;
      readonly id: string;
    }
  | { readonly type: 'service'; readonly change: ServiceChange }
  /** A line that the container printed before its services were up. */
  | { readonly type: 'log'; readonly text: string }
  | { readonly type: 'note'; readonly text: string };

/** The part of a connection that `up` uses. */
export type UpConnection = Pick<SandboxConnection, 'create' | 'get' | 'list' | 'prepare'>;

/** What a sandbox is made of. */
export interface UpImage {
  /** What the provider calls it. */
  readonly reference: string;
  /** Equal for equal content. */
  readonly key: string;
  /** Git tree in it; absent when only a snapshot's name is known. */
  readonly tree?: string;
  readonly built: boolean;
  /** For the result: the image, or the snapshot. */
  readonly result: ImageResult | { readonly snapshot: string };
}

/** Creates a sandbox with what only one provider has: mounts, ports of this machine. */
export type Placer = (spec: SandboxSpec, options: UpOptions, environment: UpEnvironment) => Promise<Sandbox>;

/** What `up` needs of the world. */
export interface UpEnvironment {
  readonly connection: UpConnection;
  readonly secrets: SecretStore;
  readonly pending: PendingCreations;
  /** Who makes it, for its label. */
  readonly owner: string;
  readonly ensureImage: (options: EnsureImageOptions) => Promise<UpImage>;
  readonly place: Placer;
  /** Git tree of the working tree as it is now. */
  readonly currentTree: () => Promise<string>;
  /** The CA bundle of this machine, if it has one of its own. */
  readonly caBundle: () => Promise<string | undefined>;
  readonly waitForServices: typeof waitForServices;
  readonly onEvent: (event: UpEvent) => void;
}

/** A sandbox whose services are ready. */
export interface UpResult {
  readonly id: string;
  readonly name: string;
  readonly created: boolean;
  readonly urls: { readonly daemon: string; readonly opencode: string };
  /** Absent when they are not in this user's state directory. */
  readonly secrets?: Pick<SandboxSecrets, 'token' | 'opencodeUsername' | 'opencodePassword'>;
  readonly image?: UpImage['result'];
  readonly services: Readonly<Record<string, { readonly state: string; readonly afterMs: number }>>;
}

/**
 * Brings up the sandbox of a repository: reuses the running one, starts a stopped one, or makes one. What it
 * made is gone again when it fails or is interrupted.
 */
export async function up(options: UpOptions, environment: UpEnvironment): Promise<UpResult> {
  const { repo, signal, timeoutMs } = options;
  const { connection, onEvent } = environment;
  const name = options.name ?? repo.defaultName;
  const services: Record<string, { state: string; afterMs: number }> = {};
  const wait = (sandbox: Sandbox, fresh: boolean) =>
    environment.waitForServices(sandbox, {
      timeoutMs,
      fresh,
      signal,
      onChange(change) {
        services[change.name] = { state: change.state, afterMs: change.afterMs };
        onEvent({ type: 'service', change });
      },
      onLog: (text) => onEvent({ type: 'log', text }),
    });

  const prepared = connection.prepare();
  // It fails where it is waited for; until then the image may take minutes.
  prepared.catch(() => undefined);
  const existing = await findExisting(connection, repo, name);
  const rebuilt = options.build ? await buildImage(options, environment) : undefined;
  if (existing !== undefined && (rebuilt === undefined || rebuilt.key === existing.labels[LABELS.key])) {
    const sandbox = await revive(existing, name, options, environment);
    const wasRunning = existing.state === 'running' || existing.state === 'paused';
    const [urls] = await Promise.all([endpointUrls(sandbox), wait(sandbox, !wasRunning)]);
    const secrets = await environment.secrets.read(existing.id);
    if (secrets === undefined)
      onEvent({
        type: 'note',
        text: `The token of "${name}" is not on this machine. "sandbox rm ${name}" and "sandbox up" make a new one.`,
      });
    return result(sandbox, name, { created: false, urls, services, secrets, image: rebuilt });
  }

  const image = rebuilt ?? (await buildImage(options, environment));
  await prepared;
  if (existing !== undefined) {
    await (await connection.get(existing.id)).destroy();
    await environment.secrets.remove(existing.id);
    onEvent({ type: 'replaced', name, id: existing.id });
  }
  const session = await environment.pending.begin();
  const { sandbox, secrets } = await createSandbox(image, name, session, options, environment).catch(
    async (error: unknown) => {
      await environment.pending.end(session);
      throw error;
    },
  );
  let urls: Awaited<ReturnType<typeof endpointUrls>>;
  try {
    await environment.secrets.write(secrets);
    onEvent({ type: 'created', name, id: sandbox.id });
    [urls] = await Promise.all([endpointUrls(sandbox), wait(sandbox, true)]);
  } catch (error) {
    if (options.keepOnFailure && !signal.aborted) {
      onEvent({
        type: 'note',
        text: `The sandbox is kept: look into it with "sandbox shell ${name}", remove it with "sandbox rm ${name}".`,
      });
    } else {
      await sandbox.destroy();
      await environment.secrets.remove(sandbox.id);
    }
    await environment.pending.end(session);
    throw error;
  }
  await environment.pending.end(session);
  return result(sandbox, name, { created: true, urls, services, secrets, image });
}

async function findExisting(
  connection: SandboxDirectory,
  repo: RepoIdentity,
  name: string,
): Promise<SandboxInfo | undefined> {
  const found = (await listSandboxes(connection)).find(
    (info) => info.labels[LABELS.name] === name && info.state !== 'destroying',
  );
  if (found === undefined || found.labels[LABELS.repo] === repo.hash) return found;
  const owner = found.labels[LABELS.repoDir] ?? 'another repository';
  throw new CliError(
    'Usage',
    `The name "${name}" belongs to a sandbox of ${owner}. Choose another with --name.`,
    {
      option: '--name',
    },
  );
}

async function buildImage(
  { repo, ref, build, signal }: UpOptions,
  environment: UpEnvironment,
): Promise<UpImage> {
  const image = await environment.ensureImage({
    repoDir: repo.root,
    ...(ref === undefined ? {} : { ref }),
    force: build,
    signal,
    onProgress: (event) => environment.onEvent({ type: 'image', event }),
  });
  environment.onEvent({ type: 'image-ready', image });
  return image;
}

/** Brings back a sandbox that exists, in whatever state it is. */
async function revive(
  info: SandboxInfo,
  name: string,
  options: UpOptions,
  { connection, onEvent, currentTree }: UpEnvironment,
): Promise<Sandbox> {
  for (const [inside, host] of options.ports) {
    const actual = await publishedPort(connection, info, inside);
    if (actual !== undefined && actual !== host)
      throw new CliError(
        'Usage',
        `"${name}" has port ${inside} on ${actual}, and ports are fixed when a sandbox is made. Remove it first: "sandbox rm ${name}".`,
        { option: '--port' },
      );
  }
  const sandbox = await connection.get(info.id);
  if (info.state === 'paused') await sandbox.resume();
  if (info.state === 'running' || info.state === 'paused') {
    onEvent({ type: 'reused', name, id: info.id });
  } else {
    try {
      await sandbox.start({ signal: options.signal });
    } catch (error) {
      throw isSandboxError(error, 'PortInUse') ? await portTaken(connection, error.details.port) : error;
    }
    onEvent({ type: 'started', name, id: info.id });
  }
  const tree = info.labels[LABELS.tree];
  if (options.ref === undefined && tree !== undefined && (await currentTree()) !== tree)
    onEvent({
      type: 'note',
      text: `The working tree has changed since the image of "${name}" was built. ${options.mount ? '"sandbox stop" and "sandbox start" bring the changes in; ' : ''}"sandbox up --build" makes a new image and a new sandbox.`,
    });
  return sandbox;
}

async function publishedPort(
  connection: SandboxDirectory,
  info: SandboxInfo,
  inside: number,
): Promise<number | undefined> {
  if (info.state !== 'running' || !info.ports.includes(inside)) return undefined;
  const { url } = await (await connection.get(info.id)).endpoint(inside);
  return Number(new URL(url).port);
}

async function endpointUrls(sandbox: Sandbox): Promise<{ daemon: string; opencode: string }> {
  const [daemon, opencode] = await Promise.all([
    sandbox.endpoint(DAEMON_PORT),
    sandbox.endpoint(OPENCODE_PORT),
  ]);
  return { daemon: pageOf(daemon), opencode: pageOf(opencode) };
}

function result(
  sandbox: Sandbox,
  name: string,
  rest: {
    created: boolean;
    urls: { daemon: string; opencode: string };
    services: UpResult['services'];
    secrets: SandboxSecrets | undefined;
    image: UpImage | undefined;
  },
): UpResult {
  const { created, urls, services, secrets, image } = rest;
  return {
    id: sandbox.id,
    name,
    created,
    urls: {
      daemon: secrets === undefined ? urls.daemon : `${urls.daemon}#token=${secrets.token}`,
      opencode: urls.opencode,
    },
    ...(secrets === undefined
      ? {}
      : {
          secrets: {
            token: secrets.token,
            opencodeUsername: secrets.opencodeUsername,
            opencodePassword: secrets.opencodePassword,
          },
        }),
    ...(image === undefined ? {} : { image: image.result }),
    services,
  };
}
