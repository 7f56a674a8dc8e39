import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { secureHeaders } from 'hono/secure-headers';
import { DaemonError } from '../daemon-error.js';
import type { Database } from '../database/database.js';
import type { EnvChangeHistory } from '../database/env-change-history.js';
import type { EnvFile } from '../env/env-file.js';
import type { Logger } from '../logger.js';
import { envRoutes } from './env-routes.js';
import { errorResponse, onRouteError } from './error-response.js';
import { healthRoute } from './health-route.js';
import { requireToken } from './require-token.js';
import { type ServiceRoutesOptions, serviceRoutes } from './service-routes.js';
import { webPage } from './web-page.js';

/** The largest request; room for many keys of the largest size a value may have. */
const maxBodyBytes = 1024 * 1024;

export interface AppOptions extends ServiceRoutesOptions {
  readonly tokenSha256: Buffer | null;
  readonly database: Database;
  readonly envFile: EnvFile;
  readonly envChanges: EnvChangeHistory;
  readonly webDirectory: URL;
  readonly logger: Logger;
}

/** The whole HTTP interface: health and the page are open, everything else needs the token. */
export function createApp(options: AppOptions): Hono {
  const app = new Hono();
  app.onError(onRouteError(options.logger));
  app.notFound((context) => {
    const { path } = context.req;
    return errorResponse(context, new DaemonError('not-found', `There is nothing at ${path}.`, { path }));
  });
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        connectSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
      xFrameOptions: 'DENY',
      // The daemon speaks plain HTTP on loopback; whatever brings TLS decides about this.
      strictTransportSecurity: false,
    }),
  );
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (context, allowed) => {
        const { method, path } = context.req;
        context.header('Allow', allowed.join(', '));
        return errorResponse(
          context,
          new DaemonError('method-not-allowed', `${path} does not take ${method}.`, { method, allowed }),
        );
      },
    }),
  );

  app.route('/api', healthRoute(options.database));
  app.use('/api/*', requireToken(options.tokenSha256), async (context, next) => {
    await next();
    context.header('Cache-Control', 'no-store');
  });
  app.use(
    '/api/*',
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: (context) => {
        // The rest of the body is not read, so that the connection cannot carry another request.
        context.header('Connection', 'close');
        throw new DaemonError('body-too-large', `The body is larger than ${maxBodyBytes} bytes.`, {
          maxBytes: maxBodyBytes,
        });
      },
    }),
  );
  app.route('/api', serviceRoutes(options));
  app.route('/api', envRoutes(options.envFile, options.envChanges, options.logger));
  app.route('/', webPage(options.webDirectory));
  return app;
}
