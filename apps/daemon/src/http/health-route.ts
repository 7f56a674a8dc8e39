import { Hono } from 'hono';
import type { HealthAnswer } from '../api.js';
import { DaemonError } from '../daemon-error.js';
import type { Database } from '../database/database.js';
import { version } from '../version.js';

/** `GET /health`: whether this daemon can do its work. Open to all, so it names no path and no secret. */
export function healthRoute(database: Database): Hono {
  const startedAt = performance.now();
  return new Hono().get('/health', async (context) => {
    const check = await checkDatabase(database);
    const answer: HealthAnswer = {
      status: check.ok ? 'ok' : 'unavailable',
      version,
      uptimeMs: Math.round(performance.now() - startedAt),
      database: check,
    };
    return context.json(answer, check.ok ? 200 : 503);
  });
}

async function checkDatabase(database: Database): Promise<HealthAnswer['database']> {
  try {
    return { ok: true, schema: await database.check() };
  } catch (error) {
    if (error instanceof DaemonError) return { ok: false, code: error.code };
    throw error;
  }
}
