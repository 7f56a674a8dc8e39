import type { SandboxListItem } from '@daytona/api-client';
import { type Context, Hono } from 'hono';
import { stream } from 'hono/streaming';
import * as z from 'zod';
import { ApiError } from './api-error.js';
import { bodyOf } from './body.js';
import { refuseFields } from './not-emulated.js';
import type { Previews } from './previews.js';
import type { Sandboxes } from './sandboxes.js';

const textMap = z.record(z.string(), z.string());
const minutes = z.int().min(0);

const createSandbox = z.looseObject({
  name: z.string().min(1).exactOptional(),
  snapshot: z.string().min(1).exactOptional(),
  user: z.string().min(1).exactOptional(),
  env: textMap.exactOptional(),
  labels: textMap.exactOptional(),
  public: z.boolean().exactOptional(),
  networkBlockAll: z.boolean().exactOptional(),
  target: z.string().exactOptional(),
  cpu: z.number().positive().exactOptional(),
  memory: z.number().positive().exactOptional(),
  disk: z.number().positive().exactOptional(),
  autoStopInterval: minutes.exactOptional(),
  autoArchiveInterval: minutes.exactOptional(),
  autoDeleteInterval: z.int().min(-1).exactOptional(),
  ttlMinutes: minutes.exactOptional(),
  buildInfo: z
    .object({ dockerfileContent: z.string().min(1), contextHashes: z.array(z.string()).exactOptional() })
    .exactOptional(),
});

/** What would make another sandbox of it, if it were emulated. */
const NOT_EMULATED = [
  ...['volumes', 'secrets', 'linkedSandbox', 'outboundProxyUrl', 'networkAllowList', 'domainAllowList'],
  ...['gpu', 'gpuType', 'spot', 'kvm', 'autoPauseInterval', 'otelEndpointOverride'],
];

const portNumber = z.coerce.number().int().min(1).max(65_535);
const DEFAULT_SIGNED_SECONDS = 60;

/** `/sandbox` of the API. @param origin Where this API is reached, for the URLs in its answers. */
export function sandboxRoutes(sandboxes: Sandboxes, previews: Previews, origin: () => string): Hono {
  const app = new Hono();
  app.post('/', async (c) => {
    const request = await bodyOf(c, createSandbox);
    refuseFields(request, NOT_EMULATED);
    return c.json(sandboxes.create(request));
  });
  app.get('/', (c) => {
    const all = sandboxes.list({
      labels: textMap.parse(JSON.parse(c.req.query('labels') ?? '{}')),
      states: c.req.queries('states') ?? [],
      name: c.req.query('name'),
    });
    const start = Number(c.req.query('cursor') ?? 0);
    const end = start + Number(c.req.query('limit') ?? 100);
    return c.json({
      items: all.slice(start, end).map(({ env: _env, buildInfo: _build, ...item }): SandboxListItem => item),
      nextCursor: end < all.length ? String(end) : null,
    });
  });
  app.get('/:id', (c) => c.json(sandboxes.get(c.req.param('id')).dto));
  app.delete('/:id', (c) => c.json(sandboxes.destroy(c.req.param('id'))));
  app.get('/:id/toolbox-proxy-url', (c) =>
    c.json({ url: sandboxes.get(c.req.param('id')).dto.toolboxProxyUrl }),
  );
  app.post('/:id/start', (c) => c.json(sandboxes.start(c.req.param('id'))));
  app.post('/:id/stop', (c) => c.json(sandboxes.stop(c.req.param('id'), c.req.query('force') === 'true')));
  app.post('/:id/pause', (c) => c.json(sandboxes.pause(c.req.param('id'))));
  app.post('/:id/archive', (c) => c.json(sandboxes.archive(c.req.param('id'))));
  app.post('/:id/snapshot', async (c) => {
    const { name } = await bodyOf(c, z.object({ name: z.string().min(1) }));
    return c.json(sandboxes.capture(c.req.param('id'), name));
  });
  app.put('/:id/labels', async (c) => {
    const { labels } = await bodyOf(c, z.object({ labels: textMap }));
    return c.json({ labels: sandboxes.update(c.req.param('id'), { labels }).labels });
  });
  app.post('/:id/public/:value', (c) =>
    c.json(sandboxes.update(c.req.param('id'), { public: c.req.param('value') === 'true' })),
  );
  app.post('/:id/autostop/:interval', (c) =>
    c.json(sandboxes.update(c.req.param('id'), { autoStopInterval: interval(c, 0) })),
  );
  app.post('/:id/autoarchive/:interval', (c) =>
    c.json(sandboxes.update(c.req.param('id'), { autoArchiveInterval: interval(c, 0) })),
  );
  app.post('/:id/autodelete/:interval', (c) =>
    c.json(sandboxes.update(c.req.param('id'), { autoDeleteInterval: interval(c, -1) })),
  );
  app.post('/:id/ttl/:interval', (c) => c.json(sandboxes.setTtl(c.req.param('id'), interval(c, 0))));
  app.post('/:id/last-activity', (c) => {
    sandboxes.touch(sandboxes.get(c.req.param('id')));
    return c.body(null, 201);
  });
  app.get('/:id/ports/:port/preview-url', async (c) => {
    const record = sandboxes.get(c.req.param('id'));
    const url = await previews.open(record, portNumber.parse(c.req.param('port')));
    return c.json({ sandboxId: record.dto.id, url, token: record.previewToken });
  });
  app.get('/:id/ports/:port/signed-preview-url', async (c) => {
    const record = sandboxes.get(c.req.param('id'));
    const port = portNumber.parse(c.req.param('port'));
    const seconds = Number(c.req.query('expiresInSeconds') ?? DEFAULT_SIGNED_SECONDS);
    return c.json({ sandboxId: record.dto.id, port, ...(await previews.sign(record, port, seconds)) });
  });
  app.post('/:id/ports/:port/signed-preview-url/:token/expire', (c) => {
    previews.expire(c.req.param('token'));
    return c.body(null, 200);
  });
  app.get('/:id/build-logs-url', (c) => {
    const { dto } = sandboxes.get(c.req.param('id'));
    return c.json({ url: `${origin()}/api/sandbox/${dto.id}/build-logs` });
  });
  app.get('/:id/build-logs', (c) => {
    const { buildLog } = sandboxes.get(c.req.param('id'));
    if (buildLog === undefined) throw new ApiError(404, 'Sandbox has no build');
    return stream(c, async (out) => {
      const aborted = new AbortController();
      out.onAbort(() => aborted.abort());
      const follow = c.req.query('follow') === 'true';
      for await (const chunk of buildLog.read({ follow, signal: aborted.signal })) await out.write(chunk);
    });
  });
  return app;
}

function interval(c: Context, least: number): number {
  const value = Number(c.req.param('interval'));
  if (!Number.isInteger(value) || value < least)
    throw new ApiError(400, 'The interval must be a whole number of minutes');
  return value;
}
