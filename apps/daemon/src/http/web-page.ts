import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { serveStatic } from '@hono/node-server/serve-static';
import type { Env, MiddlewareHandler } from 'hono';
import { Hono } from 'hono';
import { DaemonError } from '../daemon-error.js';

/** Serves the built page. Files in `assets/` carry a hash of their content in the name and may be kept for ever. */
export function webPage(directory: URL): Hono {
  const files: MiddlewareHandler<Env> = serveStatic({
    root: fileURLToPath(directory),
    precompressed: false,
    onFound: (_path, context) => {
      const kept = context.req.path.startsWith('/assets/');
      context.header('Cache-Control', kept ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  const page = new Hono();
  if (existsSync(new URL('index.html', directory))) {
    page.on('GET', ['/', '/icon.svg', '/assets/*'], files);
  } else {
    page.get('/', () => {
      throw new DaemonError(
        'web-not-built',
        'The page is not built: run "pnpm build" in apps/daemon and start the daemon again.',
        {},
      );
    });
  }
  return page;
}
