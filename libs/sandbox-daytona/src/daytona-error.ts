import { isSandboxError, SandboxError } from '@iterate/sandbox-provider';
import { httpFailure, withoutRequest } from './http-failure.js';
import { isTransient } from './retry.js';

/** What a call was about, for its error. */
export interface CallContext {
  /** In words that fit after "Failed to". */
  readonly operation: string;
  /** The API's address. */
  readonly endpoint: string;
  /** Given when a 404 means that this sandbox is gone. */
  readonly sandbox?: string;
  /** Given when a 404 means that there is no such snapshot. */
  readonly image?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Runs a call and turns what it throws into a {@link SandboxError}. */
export async function guarded<Result>(context: CallContext, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw toSandboxError(error, context);
  }
}

/** The error of a sandbox that the service does not have or that this driver did not make. */
export function sandboxNotFound(id: string, cause?: unknown): SandboxError<'SandboxNotFound'> {
  return new SandboxError(
    'SandboxNotFound',
    `There is no sandbox ${id} that this provider made. List them to see which there are.`,
    { id },
    cause === undefined ? {} : { cause },
  );
}

/** The error of an image for which there is no snapshot. */
export function imageNotFound(image: string, cause?: unknown): SandboxError<'ImageNotFound'> {
  return new SandboxError(
    'ImageNotFound',
    `Daytona has no snapshot "${image}". Register it with ensureSnapshot() first.`,
    { image },
    cause === undefined ? {} : { cause },
  );
}

function toSandboxError(error: unknown, context: CallContext): SandboxError {
  if (isSandboxError(error)) return error;
  const { operation, endpoint, sandbox, image, signal } = context;
  if (signal?.aborted === true)
    return new SandboxError(
      'Aborted',
      `Aborted while trying to ${operation}.`,
      { operation },
      { cause: withoutRequest(error) },
    );
  const { status, message, noAnswer } = httpFailure(error);
  if (status === 404 && sandbox !== undefined) return sandboxNotFound(sandbox, withoutRequest(error));
  if (status === 404 && image !== undefined) return imageNotFound(image, withoutRequest(error));
  if (status === 409)
    return new SandboxError(
      'Conflict',
      `Failed to ${operation}: ${message}`,
      { subject: sandbox ?? image ?? operation },
      { cause: withoutRequest(error) },
    );
  if (noAnswer)
    return new SandboxError(
      'ProviderUnavailable',
      `Failed to ${operation}: nothing answers at ${endpoint} (${message}). Check DAYTONA_API_URL and the network.`,
      { provider: 'daytona', endpoint },
      { cause: withoutRequest(error) },
    );
  const hint =
    status === 401
      ? ' Check DAYTONA_API_KEY.'
      : status === 403
        ? ' The API key lacks the permission; snapshots need "write:snapshots" and "delete:snapshots".'
        : '';
  return new SandboxError(
    'ProviderError',
    `Failed to ${operation}: ${message}${hint}`,
    { provider: 'daytona', retryable: isTransient(error), ...(status === undefined ? {} : { status }) },
    { cause: withoutRequest(error) },
  );
}
