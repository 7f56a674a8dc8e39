import type { HttpBindings } from '@hono/node-server';
import { createRoute, OpenAPIHono, type z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { streamSSE } from 'hono/streaming';
import { isLoopback } from '../config/is-loopback.js';
import type { HttpSpec } from '../config/spec.js';
import { isPidnapError, PidnapError } from '../pidnap-error.js';
import type { PidnapApi } from '../protocol/api.js';
import { version } from '../version.js';
import { checkAccess } from './access.js';
import { httpStatus } from './http-status.js';
import { formatMetrics } from './metrics.js';
import {
  detailQuery,
  errorSchema,
  eventQuery,
  logQuery,
  managerStatusSchema,
  mergedLogQuery,
  nameParam,
  processDetailSchema,
  processInfoSchema,
  reloadResultSchema,
  taskDetailSchema,
  taskInfoSchema,
} from './schemas.js';

/** No request needs a body; one that is larger is cut off unread. */
const maxBodyBytes = 65_536;

/** A comment line now and then keeps proxies from closing a quiet stream. */
const pingMs = 15_000;

type Env = { Bindings: HttpBindings };
type App = OpenAPIHono<Env>;

/** The HTTP face of a manager: REST under /v1, streams, metrics, health and the document that describes it. */
export function createApp(api: PidnapApi, http: HttpSpec): App {
  const app: App = new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (result.success) return;
      const issues = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
      throw new PidnapError('bad-request', `The request is not valid: ${issues.join('; ')}.`);
    },
  });
  app.onError((error, c) => {
    const known = isPidnapError(error) ? error : new PidnapError('internal', error.message);
    const { code, message, details } = known;
    return c.json({ error: { code, message, details } }, httpStatus(code));
  });
  app.notFound((c) => {
    const message = `There is no ${c.req.method} ${c.req.path}; see /openapi.json.`;
    return c.json({ error: { code: 'not-found', message } }, 404);
  });
  app.use(
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: (c) => c.json({ error: { code: 'bad-request', message: 'The body is too large.' } }, 413),
    }),
  );
  addHealth(app, api);
  app.use(async (c, next) => {
    checkAccess(http, {
      authorization: c.req.header('authorization'),
      host: c.req.header('host'),
      origin: c.req.header('origin'),
    });
    await next();
  });
  addManager(app, api);
  addProcesses(app, api, http);
  addTasks(app, api, http);
  addStreams(app, api);
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'pidnap', version, description: 'Supervises the processes of a container.' },
  });
  return app;
}

/** Open to all, and so without any detail. */
function addHealth(app: App, api: PidnapApi): void {
  app.get('/health', (c) => c.json({ ok: true }));
  app.get('/ready', async (c) => {
    const { ready } = await api.status();
    return c.json({ ready }, ready ? 200 : 503);
  });
}

function addManager(app: App, api: PidnapApi): void {
  app.openapi(route('get', '/v1/status', 'The manager at a glance', managerStatusSchema), async (c) =>
    c.json(await api.status(), 200),
  );
  app.openapi(route('post', '/v1/reload', 'Apply the changed configuration', reloadResultSchema), async (c) =>
    c.json(await api.reload(), 200),
  );
  app.get('/metrics', async (c) => {
    const text = formatMetrics(await api.status(), await api.processes.list(), await api.tasks.list());
    return c.text(text, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  });
}

function addProcesses(app: App, api: PidnapApi, http: HttpSpec): void {
  app.openapi(route('get', '/v1/processes', 'All processes', processInfoSchema.array()), async (c) =>
    c.json(await api.processes.list(), 200),
  );
  app.openapi(
    createRoute({
      ...route(
        'get',
        '/v1/processes/{name}',
        'One process and its environment, values masked',
        processDetailSchema,
      ),
      request: { params: nameParam, query: detailQuery },
    }),
    async (c) => {
      const { name } = c.req.valid('param');
      const showSecrets = maySeeSecrets(c, http, c.req.valid('query').showSecrets);
      return c.json(await api.processes.get(name, { showSecrets }), 200);
    },
  );
  for (const verb of ['start', 'stop', 'restart'] as const) {
    app.openapi(
      createRoute({
        ...route('post', `/v1/processes/{name}/${verb}`, `${verb} a process`, processInfoSchema),
        request: { params: nameParam },
      }),
      async (c) => c.json(await api.processes[verb](c.req.valid('param').name), 200),
    );
  }
}

function addTasks(app: App, api: PidnapApi, http: HttpSpec): void {
  app.openapi(route('get', '/v1/tasks', 'All tasks', taskInfoSchema.array()), async (c) =>
    c.json(await api.tasks.list(), 200),
  );
  app.openapi(
    createRoute({
      ...route('get', '/v1/tasks/{name}', 'One task and its environment, values masked', taskDetailSchema),
      request: { params: nameParam, query: detailQuery },
    }),
    async (c) => {
      const { name } = c.req.valid('param');
      const showSecrets = maySeeSecrets(c, http, c.req.valid('query').showSecrets);
      return c.json(await api.tasks.get(name, { showSecrets }), 200);
    },
  );
  app.openapi(
    createRoute({
      ...route('post', '/v1/tasks/{name}/run', 'Run a task again', taskInfoSchema),
      request: { params: nameParam },
    }),
    async (c) => c.json(await api.tasks.run(c.req.valid('param').name), 200),
  );
}

function addStreams(app: App, api: PidnapApi): void {
  const logs = { query: logQuery, params: nameParam };
  app.openapi(
    createRoute({ ...sse('/v1/processes/{name}/logs', 'The log of a process'), request: logs }),
    async (c) => {
      const { name } = c.req.valid('param');
      await api.processes.get(name);
      return stream(c, 'line', (signal) =>
        api.processes.logs(name, { ...defined(c.req.valid('query')), signal }),
      );
    },
  );
  app.openapi(
    createRoute({ ...sse('/v1/tasks/{name}/logs', 'The log of a task'), request: logs }),
    async (c) => {
      const { name } = c.req.valid('param');
      await api.tasks.get(name);
      return stream(c, 'line', (signal) =>
        api.tasks.logs(name, { ...defined(c.req.valid('query')), signal }),
      );
    },
  );
  app.openapi(
    createRoute({
      ...sse('/v1/logs', 'Several logs merged by time, all of them without a name'),
      request: { query: mergedLogQuery },
    }),
    (c) => {
      const { name = [], ...query } = c.req.valid('query');
      return stream(c, 'line', (signal) => api.logs([name].flat(), { ...defined(query), signal }));
    },
  );
  app.openapi(
    createRoute({
      ...sse('/v1/events', 'Events after a cursor (or the Last-Event-ID header), then new ones'),
      request: { query: eventQuery },
    }),
    (c) => {
      const query = defined(c.req.valid('query'));
      const last = c.req.header('last-event-id');
      const resumed = last !== undefined && /^\d+$/.test(last) ? { cursor: Number(last) } : {};
      return stream(c, undefined, (signal) => api.events({ ...resumed, ...query, signal }));
    },
  );
}

/** Sends each item as an event named `name`, or after its own `type` and `id`. */
function stream<Item extends object>(
  c: Context<Env>,
  name: string | undefined,
  open: (signal: AbortSignal) => AsyncIterable<Item>,
): Response {
  const abort = new AbortController();
  // A wrong name fails here, while the answer can still be a 404.
  const items = open(abort.signal);
  return streamSSE(c, async (out) => {
    out.onAbort(() => abort.abort());
    const ping = setInterval(() => void out.writeSSE({ event: 'ping', data: '{}' }), pingMs);
    try {
      for await (const item of items) {
        const { id, type } = item as { id?: number; type?: string };
        await out.writeSSE({
          event: name ?? type ?? 'message',
          data: JSON.stringify(item),
          ...(id !== undefined && { id: String(id) }),
        });
      }
    } finally {
      clearInterval(ping);
    }
  });
}

/** Values are shown only to somebody on this machine who knows the token. */
function maySeeSecrets(c: Context<Env>, http: HttpSpec, asked: boolean | undefined): boolean {
  if (!asked) return false;
  const { remoteAddress } = c.env.incoming.socket;
  const local = http.socket !== null || isLoopback(remoteAddress ?? '');
  if (http.token !== null && local) return true;
  throw new PidnapError(
    'forbidden',
    'Secrets are shown only over loopback, and only when the manager has a token (http.token or PIDNAP_TOKEN).',
  );
}

function route<Schema extends z.ZodType>(
  method: 'get' | 'post',
  path: string,
  summary: string,
  schema: Schema,
) {
  return createRoute({
    method,
    path,
    summary,
    responses: {
      200: { description: summary, content: { 'application/json': { schema } } },
      default: { description: 'What went wrong', content: { 'application/json': { schema: errorSchema } } },
    },
  });
}

function sse(path: string, summary: string) {
  return {
    method: 'get' as const,
    path,
    summary,
    responses: { 200: { description: `${summary}, as server-sent events` } },
  };
}

/** Without the keys whose value is undefined. */
function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as never;
}
