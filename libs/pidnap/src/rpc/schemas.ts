import { z } from '@hono/zod-openapi';
import { processStates } from '../protocol/process-state.js';

const time = z.iso.datetime();
const state = z.enum(processStates as [(typeof processStates)[number], ...typeof processStates]);
const reason = z.object({ code: z.string(), message: z.string() }).nullable();
const exit = z.object({
  code: z.int().nullable(),
  signal: z.string().nullable(),
  error: z.string().optional(),
  at: time,
  uptimeMs: z.number(),
});
const probe = z.object({
  ok: z.boolean().nullable(),
  message: z.string(),
  checkedAt: time.nullable(),
  consecutiveFailures: z.int(),
});

const unit = {
  name: z.string(),
  state,
  reason,
  since: time,
  pid: z.int().nullable(),
  startedAt: time.nullable(),
  uptimeMs: z.number().nullable(),
  lastExit: exit.nullable(),
  dependsOn: z
    .array(
      z.object({
        name: z.string(),
        condition: z.enum(['started', 'healthy', 'completed']),
        satisfied: z.boolean(),
      }),
    )
    .readonly(),
  command: z.array(z.string()).readonly(),
  cwd: z.string(),
  logFile: z.string(),
};

/** The wire form of what `protocol/info.ts` describes; the OpenAPI document is made of it. */
export const taskInfoSchema = z.object({ kind: z.literal('task'), ...unit }).openapi('TaskInfo');

export const processInfoSchema = z
  .object({
    kind: z.literal('process'),
    ...unit,
    desired: z.enum(['running', 'stopped']),
    ready: z.boolean(),
    restarts: z.int(),
    consecutiveFailures: z.int(),
    nextStartAt: time.nullable(),
    envReloadAt: time.nullable(),
    probes: z.object({ startup: probe.optional(), readiness: probe.optional(), liveness: probe.optional() }),
    critical: z.boolean(),
    restart: z.enum(['always', 'on-failure', 'never']),
    schedule: z.string().nullable(),
    logBytes: z.number(),
    logDroppedBytes: z.number(),
    usage: z.object({ cpuSeconds: z.number(), rssBytes: z.number(), processes: z.int() }).nullable(),
  })
  .openapi('ProcessInfo');

const env = { env: z.record(z.string(), z.string()) };
export const taskDetailSchema = taskInfoSchema.extend(env).openapi('TaskDetail');
export const processDetailSchema = processInfoSchema.extend(env).openapi('ProcessDetail');

const counts = z.partialRecord(state, z.int());
export const managerStatusSchema = z
  .object({
    version: z.string(),
    instance: z.string(),
    pid: z.int(),
    state: z.enum(['starting', 'running', 'stopping']),
    ready: z.boolean(),
    notReady: z.array(z.string()).readonly(),
    startedAt: time,
    uptimeMs: z.number(),
    configFile: z.string().nullable(),
    logDir: z.string(),
    rssBytes: z.number(),
    cursor: z.int(),
    processes: counts,
    tasks: counts,
  })
  .openapi('ManagerStatus');

const names = z.array(z.string()).readonly();
export const reloadResultSchema = z
  .object({ added: names, removed: names, restarted: names, updated: names, unchanged: names })
  .openapi('ReloadResult');

export const errorSchema = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      details: z.record(z.string(), z.unknown()).optional(),
    }),
  })
  .openapi('Error');

export const nameParam = z.object({ name: z.string().min(1).max(64) });

const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
export const detailQuery = z.object({ showSecrets: flag.optional() });
export const logQuery = z.object({
  tail: z.coerce.number().int().min(0).max(1_000_000).optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  follow: flag.optional(),
});
export const mergedLogQuery = logQuery.extend({
  name: z.union([z.string(), z.array(z.string()).max(256)]).optional(),
});
export const eventQuery = z.object({
  cursor: z.coerce.number().int().min(0).optional(),
  follow: flag.optional(),
  until: z.literal('ready').optional(),
});
