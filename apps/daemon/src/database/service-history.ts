import { desc, eq, lt, max } from 'drizzle-orm';
import type { StateEvent } from 'pidnap/client';
import type { Transition } from '../api.js';
import type { Database } from './database.js';
import { serviceTransitions } from './schema.js';

type Row = typeof serviceTransitions.$inferSelect;

/** The steps of services from state to state; the oldest beyond `keep` are dropped. */
export class ServiceHistory {
  readonly #database: Database;
  readonly #keep: number;

  /** @param keep How many steps to keep. @default 10_000 */
  constructor(database: Database, keep = 10_000) {
    this.#database = database;
    this.#keep = keep;
  }

  /**
   * Records a step. One that is recorded already (pidnap replays its events after a reconnect) is left alone.
   *
   * @returns the recorded step, or `null` when it was known
   */
  async record(instance: string, event: StateEvent): Promise<Transition | null> {
    return this.#database.use(async (queries) => {
      const [row] = await queries
        .insert(serviceTransitions)
        .values({
          instance,
          eventId: event.id,
          service: event.name,
          kind: event.type === 'task.state' ? 'task' : 'process',
          fromState: event.from,
          toState: event.to,
          reasonCode: event.reason?.code ?? null,
          reasonMessage: event.reason?.message ?? null,
          at: Date.parse(event.at),
        })
        .onConflictDoNothing()
        .returning();
      if (row === undefined) return null;
      await queries.delete(serviceTransitions).where(lt(serviceTransitions.id, row.id - this.#keep + 1));
      return toTransition(row);
    });
  }

  /** The newest event of this run of pidnap that is recorded; 0 for none. */
  async lastEventId(instance: string): Promise<number> {
    const [row] = await this.#database.use((queries) =>
      queries
        .select({ id: max(serviceTransitions.eventId) })
        .from(serviceTransitions)
        .where(eq(serviceTransitions.instance, instance)),
    );
    return row?.id ?? 0;
  }

  /** The newest first. */
  async list(query: { limit: number; service?: string | undefined }): Promise<Transition[]> {
    const rows = await this.#database.use((queries) =>
      queries
        .select()
        .from(serviceTransitions)
        .where(query.service === undefined ? undefined : eq(serviceTransitions.service, query.service))
        .orderBy(desc(serviceTransitions.id))
        .limit(query.limit),
    );
    return rows.map(toTransition);
  }
}

function toTransition(row: Row): Transition {
  return {
    id: row.id,
    service: row.service,
    kind: row.kind,
    from: row.fromState,
    to: row.toState,
    reason:
      row.reasonCode === null || row.reasonMessage === null
        ? null
        : { code: row.reasonCode, message: row.reasonMessage },
    at: new Date(row.at).toISOString(),
  };
}
