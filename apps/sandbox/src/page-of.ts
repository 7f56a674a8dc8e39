import type { Endpoint } from '@iterate/sandbox-provider';

/** The address for a browser: with the token of a provider's preview in it, where there is one. */
export function pageOf({ url, pageUrl }: Endpoint): string {
  return pageUrl ?? `${url}/`;
}
