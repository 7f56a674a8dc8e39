import { type DaytonaConfig, findDaytonaAccess, parseDaytonaConfig } from './daytona-access.js';
import { guarded } from './daytona-error.js';
import { DaytonaSdk } from './daytona-sdk.js';
import { withRetry } from './retry.js';

/** A place in the service's own registry, to which images may be pushed for a while. */
export interface PushAccess {
  /** `host/path` below which repositories are pushed. */
  readonly repository: string;
  /** `host`, for the login. */
  readonly host: string;
  readonly username: string;
  readonly secret: string;
  readonly expiresAt: Date;
}

/**
 * Asks the service for a login to its registry, so that images reach it without a registry of one's own.
 *
 * @throws SandboxError `InvalidSpec` without a key, `ProviderUnavailable`, `ProviderError`
 */
export async function requestPushAccess(config: DaytonaConfig): Promise<PushAccess> {
  await using sdk = new DaytonaSdk(findDaytonaAccess(parseDaytonaConfig(config)));
  const { apiUrl } = sdk.access;
  const { data } = await guarded({ operation: 'ask for a place to push images to', endpoint: apiUrl }, () =>
    withRetry(() => sdk.registries.getTransientPushAccess()),
  );
  const host = data.registryUrl.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  return {
    repository: data.project === '' ? host : `${host}/${data.project}`,
    host: host.split('/', 1)[0] ?? host,
    username: data.username,
    secret: data.secret,
    expiresAt: new Date(data.expiresAt),
  };
}
