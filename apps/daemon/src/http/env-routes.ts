import { Hono } from 'hono';
import * as z from 'zod';
import type { EnvChangesAnswer, EnvKeysAnswer, EnvPatchAnswer } from '../api.js';
import { messageOf } from '../daemon-error.js';
import type { EnvChangeHistory } from '../database/env-change-history.js';
import type { EnvChangeResult, EnvFile } from '../env/env-file.js';
import type { Logger } from '../logger.js';
import { limitQuery } from './limit-query.js';
import { parseInput, parseJsonBody } from './parse-input.js';

/** What a value may take in bytes; the kernel takes no more than 128 KiB for one variable. */
const maxValueBytes = 64 * 1024;
const maxKeys = 256;

const key = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'a key has letters, digits and "_", no digit first, 128 at most');

const value = z
  .string('expected a string')
  .refine((text) => !text.includes('\0'), 'a NUL character cannot be in an environment variable')
  .refine((text) => Buffer.byteLength(text) <= maxValueBytes, `larger than ${maxValueBytes} bytes`)
  // A lone surrogate has no UTF-8 form.
  .refine((text) => !/[\uD800-\uDFFF]/u.test(text), 'not well-formed Unicode');

const patchBody = z
  .strictObject({ set: z.record(key, value).default({}), remove: z.array(key).default([]) })
  .superRefine(({ set, remove }, context) => {
    const names = [...Object.keys(set), ...remove];
    if (names.length === 0) context.addIssue('nothing to do: give "set" or "remove"');
    if (names.length > maxKeys) context.addIssue(`more than ${maxKeys} keys at once`);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) context.addIssue(`${twice} is named twice`);
  });

/** `GET /env`, `PATCH /env`, `GET /env/changes`: the keys of the env file. Values go in and never come out. */
export function envRoutes(envFile: EnvFile, history: EnvChangeHistory, logger: Logger): Hono {
  const record = async ({ added, changed, removed }: EnvChangeResult): Promise<void> => {
    const entries = [
      ...added.map((name) => ({ key: name, action: 'added' as const })),
      ...changed.map((name) => ({ key: name, action: 'changed' as const })),
      ...removed.map((name) => ({ key: name, action: 'removed' as const })),
    ];
    for (const { key: name, action } of entries) logger.info('env key changed', { key: name, action });
    // The file is written: a history that cannot be is no reason to report the change as failed.
    await history.record(entries).catch((error: unknown) => {
      logger.error('a change of the env file could not be recorded', { reason: messageOf(error) });
    });
  };

  return new Hono()
    .get('/env', async (context) => context.json<EnvKeysAnswer>({ keys: await envFile.keys() }))
    .patch('/env', async (context) => {
      const result = await envFile.update(await parseJsonBody(context, patchBody));
      await record(result);
      return context.json<EnvPatchAnswer>({
        set: [...result.added, ...result.changed],
        removed: result.removed,
        unchanged: result.unchanged,
      });
    })
    .get('/env/changes', async (context) => {
      const { limit } = parseInput(limitQuery, context.req.query());
      return context.json<EnvChangesAnswer>({ changes: await history.list(limit) });
    });
}
