import { Hono } from 'hono';
import { stream } from 'hono/streaming';
import * as z from 'zod';
import { bodyOf } from './body.js';
import { refuseFields } from './not-emulated.js';
import type { Snapshots } from './snapshots.js';

const createSnapshot = z.looseObject({
  name: z.string().min(1),
  imageName: z.string().min(1).exactOptional(),
  entrypoint: z.array(z.string()).exactOptional(),
  cpu: z.number().positive().exactOptional(),
  memory: z.number().positive().exactOptional(),
  disk: z.number().positive().exactOptional(),
  buildInfo: z
    .object({ dockerfileContent: z.string().min(1), contextHashes: z.array(z.string()).exactOptional() })
    .exactOptional(),
});

/** `/snapshots` of the API. @param origin Where this API is reached, for the URLs in its answers. */
export function snapshotRoutes(snapshots: Snapshots, origin: () => string): Hono {
  const app = new Hono();
  app.post('/', async (c) => {
    const request = await bodyOf(c, createSnapshot);
    refuseFields(request, ['gpu', 'gpuType']);
    return c.json(snapshots.create(request));
  });
  app.get('/', (c) => {
    const page = Number(c.req.query('page') ?? 1);
    const limit = Number(c.req.query('limit') ?? 100);
    const source = c.req.query('sourceSandboxId');
    const all = snapshots.list().filter((dto) => source === undefined || dto.sourceSandboxId === source);
    return c.json({
      items: all.slice((page - 1) * limit, page * limit),
      total: all.length,
      page,
      totalPages: Math.max(1, Math.ceil(all.length / limit)),
    });
  });
  app.get('/:id/build-logs-url', (c) => {
    const { dto } = snapshots.get(c.req.param('id'));
    return c.json({ url: `${origin()}/api/snapshots/${dto.id}/build-logs` });
  });
  app.get('/:id/build-logs', (c) => {
    const { log } = snapshots.get(c.req.param('id'));
    const follow = c.req.query('follow') === 'true';
    return stream(c, async (out) => {
      const aborted = new AbortController();
      out.onAbort(() => aborted.abort());
      for await (const chunk of log.read({ follow, signal: aborted.signal })) await out.write(chunk);
    });
  });
  app.post('/:id/activate', (c) => c.json(snapshots.activate(c.req.param('id'))));
  app.post('/:id/deactivate', (c) => {
    snapshots.deactivate(c.req.param('id'));
    return c.body(null, 204);
  });
  app.get('/:id{.+}', (c) => c.json(snapshots.get(c.req.param('id')).dto));
  app.delete('/:id{.+}', (c) => {
    snapshots.remove(c.req.param('id'));
    return c.body(null, 200);
  });
  return app;
}
