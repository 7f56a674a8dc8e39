import { isSandboxError, SandboxError } from '@iterate/sandbox-provider';

/** What was being done, for the error of it. */
export interface CallContext {
  /** In words that fit after "failed to": "start the sandbox web". */
  readonly operation: string;
  /** Address of the engine. */
  readonly endpoint: string;
  readonly sandbox?: string;
  readonly image?: string;
  readonly path?: string;
  readonly signal?: AbortSignal | undefined;
}

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'EACCES',
  'EPERM',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ETIMEDOUT',
]);
const PORT_TAKEN = /(?:port is already allocated|address already in use)/i;

/** The contract's error for one of dockerode or of a socket. One that is ours already passes through. */
export function toSandboxError(error: unknown, context: CallContext): SandboxError {
  if (isSandboxError(error)) return error;
  const message = error instanceof Error ? error.message.trim() : String(error);
  const options = { cause: error };
  if (context.signal?.aborted === true)
    return new SandboxError(
      'Aborted',
      `Aborted while trying to ${context.operation}.`,
      { operation: context.operation },
      options,
    );

  const connection = errorCode(error);
  if (connection !== undefined && CONNECTION_CODES.has(connection)) {
    const way =
      connection === 'EACCES' ? 'Add yourself to the docker group.' : 'Is the Docker engine running?';
    const details = { provider: 'docker', endpoint: context.endpoint };
    return new SandboxError(
      'ProviderUnavailable',
      `No Docker engine answers at ${context.endpoint} (${connection}). ${way}`,
      details,
      options,
    );
  }

  const network = missingNetwork(error);
  if (network !== undefined) {
    const issues = [`provider.docker.network: the engine has no network ${network}`];
    const way = 'Make it with "docker network create", or name another.';
    return new SandboxError(
      'InvalidSpec',
      `Cannot ${context.operation}: ${issues[0]}. ${way}`,
      { issues },
      options,
    );
  }
  const status = statusCode(error);
  if (status === 404) {
    if (
      context.path !== undefined &&
      /(?:could not find the file|no such file|not found in container|lstat)/i.test(message)
    )
      return fileNotFound(context.path, options);
    if (context.image !== undefined && /no such image/i.test(message))
      return imageNotFound(context.image, options);
    if (context.sandbox !== undefined && /no such (?:container|exec)/i.test(message))
      return sandboxNotFound(context.sandbox, options);
  }
  if (PORT_TAKEN.test(message)) {
    const port = Number(
      /:(\d+)(?:->|:|\s|\))/.exec(message.replace(/^.*(?:Bind for|listen tcp\S*)/i, ''))?.[1] ?? 0,
    );
    return new SandboxError(
      'PortInUse',
      `Port ${port} of the host is taken. Free it or choose another.`,
      { port },
      options,
    );
  }
  if (/storage-opt/i.test(message))
    return new SandboxError(
      'Unsupported',
      `Cannot ${context.operation}: this engine cannot limit the disk (${message}). Leave out resources.diskBytes, or use overlay2 on xfs with project quotas.`,
      { capability: 'resources.diskBytes', provider: 'docker' },
      options,
    );
  if (status === 409 || isPodmanConflict(message)) {
    if (context.sandbox !== undefined && /is not running|is paused|container state improper/i.test(message)) {
      const state = /is paused/i.test(message) ? 'paused' : 'stopped';
      const details = { id: context.sandbox, state };
      return new SandboxError(
        'NotRunning',
        `Cannot ${context.operation}: the sandbox is ${state}.`,
        details,
        options,
      );
    }
    const subject = context.sandbox ?? context.image ?? context.operation;
    return new SandboxError('Conflict', `Cannot ${context.operation}: ${message}`, { subject }, options);
  }
  const retryable = status === undefined || status === 429 || status >= 502;
  const details = { provider: 'docker', retryable, ...(status === undefined ? {} : { status }) };
  return new SandboxError('ProviderError', `Failed to ${context.operation}: ${message}`, details, options);
}

/** Runs `call`, turning what it throws into the contract's errors. */
export async function guarded<T>(context: CallContext, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toSandboxError(error, context);
  }
}

export function sandboxNotFound(
  id: string,
  options: { cause?: unknown } = {},
): SandboxError<'SandboxNotFound'> {
  return new SandboxError(
    'SandboxNotFound',
    `There is no sandbox ${id} on this Docker engine.`,
    { id },
    options,
  );
}

export function fileNotFound(path: string, options: { cause?: unknown } = {}): SandboxError<'FileNotFound'> {
  return new SandboxError('FileNotFound', `There is nothing at ${path} in the sandbox.`, { path }, options);
}

function imageNotFound(image: string, options: { cause?: unknown } = {}): SandboxError<'ImageNotFound'> {
  return new SandboxError(
    'ImageNotFound',
    `The Docker engine has no image ${image}. Build or pull it first.`,
    { image },
    options,
  );
}

/** Whether a container could not be made since its name is in use. */
export function isNameTaken(error: unknown): boolean {
  return (
    statusCode(error) === 409 ||
    (error instanceof Error && /name "\S+" is already in use/.test(error.message))
  );
}

/** Podman answers 500 where Docker answers 409. */
function isPodmanConflict(message: string): boolean {
  return /name "\S+" is already in use|container state improper/.test(message);
}

/** The HTTP status of an engine's answer. */
export function statusCode(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}

/** The name or id of the network for lack of which the engine refused a call; Podman has other words and codes. */
export function missingNetwork(error: unknown): string | undefined {
  if (statusCode(error) === undefined || !(error instanceof Error)) return undefined;
  const [, docker, podman] =
    /network (\S+) not found|unable to find network with name or ID (\S+):/i.exec(error.message) ?? [];
  return docker ?? podman;
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
