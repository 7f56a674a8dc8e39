import { Hono } from 'hono';
import * as z from 'zod';
import type { ServicesAnswer, TransitionsAnswer } from '../api.js';
import type { ServiceHistory } from '../database/service-history.js';
import { type ServiceControl, serviceActions } from '../services/service-control.js';
import type { ServiceMonitor } from '../services/service-monitor.js';
import { limitQuery } from './limit-query.js';
import { parseInput } from './parse-input.js';
import type { ServiceEventStreams } from './service-event-streams.js';

const transitionsQuery = limitQuery.extend({ service: z.string().min(1).optional() });
const cursor = z.coerce.number('expected the id of a transition').int().min(0).optional();

export interface ServiceRoutesOptions {
  readonly monitor: ServiceMonitor;
  readonly control: ServiceControl;
  readonly history: ServiceHistory;
  readonly streams: ServiceEventStreams;
}

/** The services that pidnap runs: their state, its history, a live stream of both, and start, stop, restart. */
export function serviceRoutes({ monitor, control, history, streams }: ServiceRoutesOptions): Hono {
  const routes = new Hono()
    .get('/services', (context) => context.json<ServicesAnswer>(monitor.snapshot()))
    .get('/services/transitions', async (context) => {
      const query = parseInput(transitionsQuery, context.req.query());
      return context.json<TransitionsAnswer>({ transitions: await history.list(query) });
    })
    .get('/services/events', (context) => {
      const after = context.req.header('last-event-id') ?? context.req.query('cursor');
      return streams.open(context, parseInput(cursor, after));
    });
  for (const action of serviceActions) {
    routes.post(`/services/:name/${action}`, async (context) => {
      const service = await control.act(context.req.param('name'), action);
      return service === null ? context.json({ accepted: true }, 202) : context.json({ service });
    });
  }
  return routes;
}
