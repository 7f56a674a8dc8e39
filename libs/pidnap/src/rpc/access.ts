import { createHash, timingSafeEqual } from 'node:crypto';
import type { HttpSpec } from '../config/spec.js';
import { PidnapError } from '../pidnap-error.js';

/** What of a request decides on access. */
export interface Caller {
  readonly authorization: string | undefined;
  readonly host: string | undefined;
  readonly origin: string | undefined;
}

/**
 * Lets a request in or throws. With a token, the token decides. Without one the listener is on loopback (the
 * configuration sees to that), and what remains is a browser on this machine that a foreign page drives: its
 * Host header names the foreign site (DNS rebinding), or its Origin does.
 */
export function checkAccess(http: HttpSpec, caller: Caller): void {
  if (http.token !== null) {
    if (sameToken(caller.authorization, http.token)) return;
    throw new PidnapError('unauthorized', 'A bearer token is needed: set PIDNAP_TOKEN or pass --token.');
  }
  const allowed = new Set(['localhost', '127.0.0.1', '[::1]', http.host, ...http.allowedHosts]);
  if (http.socket === null && !allowed.has(hostName(caller.host))) {
    throw new PidnapError(
      'forbidden',
      `The Host header names ${caller.host ?? 'nothing'}; see http.allowedHosts.`,
    );
  }
  if (caller.origin !== undefined && !allowed.has(hostName(caller.origin.replace(/^https?:\/\//, '')))) {
    throw new PidnapError('forbidden', 'Pages of other sites may not use this API without a token.');
  }
}

/** Whether the header carries the token, in a time that tells nothing of where they differ. */
function sameToken(authorization: string | undefined, token: string): boolean {
  const given = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1] ?? '';
  // Digests have one length, which timingSafeEqual needs.
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function hostName(host: string | undefined): string {
  return (host ?? '').replace(/:\d+$/, '').toLowerCase();
}
