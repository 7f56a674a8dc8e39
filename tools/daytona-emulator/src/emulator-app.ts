import { timingSafeEqual } from 'node:crypto';
import type { RegistryPushAccessDto } from '@daytona/api-client';
import { Hono } from 'hono';
import { ZodError } from 'zod';
import { ApiError } from './api-error.js';
import { bodyOf } from './body.js';
import { type FaultPlan, faultsSchema } from './faults.js';
import { fileRoutes } from './file-routes.js';
import { notEmulated } from './not-emulated.js';
import type { ObjectStore } from './object-store.js';
import type { Previews } from './previews.js';
import { processRoutes } from './process-routes.js';
import { s3Routes } from './s3-routes.js';
import { outputOf } from './sandbox-files.js';
import { sandboxRoutes } from './sandbox-routes.js';
import type { Sandboxes } from './sandboxes.js';
import { snapshotRoutes } from './snapshot-routes.js';
import type { Snapshots } from './snapshots.js';

/** What the routes serve. */
export interface EmulatorParts {
  apiKey: string;
  organizationId: string;
  origin: () => string;
  faults: FaultPlan;
  snapshots: Snapshots;
  sandboxes: Sandboxes;
  previews: Previews;
  objects: ObjectStore;
  /** Starts the registry. */
  pushAccess: () => Promise<RegistryPushAccessDto>;
}

/** Below these, a path that is not there is one of the service's. */
const SERVED = /^\/(api|toolbox)\//;

/** Whether an `Authorization` header carries the key. */
export function carriesKey(header: string | undefined, apiKey: string): boolean {
  const expected = Buffer.from(`Bearer ${apiKey}`);
  const given = Buffer.from(header ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** All HTTP routes: the API, the toolbox, the object storage and the emulator's own controls. */
export function emulatorApp(parts: EmulatorParts): Hono {
  const { apiKey, faults, sandboxes } = parts;
  const app = new Hono();
  app.onError((error, c) => {
    if (error instanceof ApiError) return c.json(error.body(c.req.path), error.status);
    if (error instanceof ZodError) return c.json(new ApiError(400, error.message).body(c.req.path), 400);
    console.error(error);
    return c.json(new ApiError(500, error.message).body(c.req.path), 500);
  });
  app.notFound((c) => {
    const { path, method } = c.req;
    const error = SERVED.test(path)
      ? notEmulated(`${method} ${path}`)
      : new ApiError(404, `There is no ${method} ${path}`);
    return c.json(error.body(path), error.status);
  });

  app.route('/s3', s3Routes(parts.objects));
  app.use(async (c, next) => {
    if (!carriesKey(c.req.header('authorization'), apiKey)) throw new ApiError(401, 'Unauthorized');
    await next();
  });

  app.get('/emulator/faults', (c) => c.json({ ...faults.current, injected: faults.injected }));
  app.put('/emulator/faults', async (c) => {
    faults.set(await bodyOf(c, faultsSchema));
    return c.json(faults.current);
  });

  app.use('/api/*', faults.middleware());
  app.use('/toolbox/*', faults.middleware());
  app.get('/api/config', (c) =>
    c.json({ version: 'emulator', proxyToolboxUrl: `${parts.origin()}/toolbox` }),
  );
  app.get('/api/docker-registry/registry-push-access', async (c) => c.json(await parts.pushAccess()));
  app.get('/api/object-storage/push-access', (c) => {
    const { credentials, bucket, region } = parts.objects;
    return c.json({
      ...credentials,
      bucket,
      region,
      organizationId: parts.organizationId,
      storageUrl: `${parts.origin()}/s3`,
    });
  });
  app.route('/api/snapshots', snapshotRoutes(parts.snapshots, parts.origin));
  app.route('/api/sandbox', sandboxRoutes(sandboxes, parts.previews, parts.origin));

  app.route('/toolbox/:sandboxId/process', processRoutes(sandboxes));
  app.route('/toolbox/:sandboxId/files', fileRoutes(sandboxes));
  const directory = (path: string, script: string) =>
    app.get(`/toolbox/:sandboxId/${path}`, async (c) => {
      const toolbox = sandboxes.toolbox(c.req.param('sandboxId') ?? '');
      return c.json({ dir: await outputOf(toolbox, script) });
    });
  directory('work-dir', 'pwd');
  directory('user-home-dir', 'echo "$HOME"');
  return app;
}
