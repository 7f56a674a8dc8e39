import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { DaemonError } from '../daemon-error.js';

/**
 * Lets only requests with the right bearer token pass. The daemon knows the token's SHA-256 alone, so that nothing in
 * the sandbox can read the token itself.
 *
 * @param tokenSha256 `null` refuses everything
 */
export function requireToken(tokenSha256: Buffer | null): MiddlewareHandler {
  return async (context, next) => {
    if (tokenSha256 === null) {
      throw new DaemonError(
        'token-not-configured',
        'The API is closed: ITERATE_DAEMON_TOKEN_SHA256 is not set. Start the sandbox with "sandbox up", or set it to ' +
          'the SHA-256 of a token of yours.',
        {},
      );
    }
    const [, token] = /^Bearer ([\x21-\x7e]+)$/i.exec(context.req.header('authorization') ?? '') ?? [];
    // Both sides are digests of one length, compared in constant time.
    if (token === undefined || !timingSafeEqual(createHash('sha256').update(token).digest(), tokenSha256)) {
      context.header('WWW-Authenticate', 'Bearer');
      throw new DaemonError(
        'unauthorized',
        'A valid token is needed: send "Authorization: Bearer <token>" with the token that "sandbox up" printed.',
        {},
      );
    }
    await next();
  };
}
