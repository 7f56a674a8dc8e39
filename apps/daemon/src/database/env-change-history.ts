import { desc, lt, sql } from 'drizzle-orm';
import type { Database } from './database.js';
import { envChanges } from './schema.js';

/** One key of the env file that was changed through the API. */
export interface EnvChangeEntry {
  readonly id: number;
  readonly key: string;
  readonly action: 'added' | 'changed' | 'removed';
  /** ISO time. */
  readonly at: string;
}

/** Which keys of the env file changed, and when; the oldest entries beyond `keep` are dropped. */
export class EnvChangeHistory {
  readonly #database: Database;
  readonly #keep: number;

  /** @param keep How many entries to keep. @default 10_000 */
  constructor(database: Database, keep = 10_000) {
    this.#database = database;
    this.#keep = keep;
  }

  async record(changes: readonly Pick<EnvChangeEntry, 'key' | 'action'>[], at = new Date()): Promise<void> {
    if (changes.length === 0) return;
    await this.#database.use(async (queries) => {
      await queries.insert(envChanges).values(changes.map((change) => ({ ...change, at: at.getTime() })));
      await queries
        .delete(envChanges)
        .where(lt(envChanges.id, sql`(select max(id) from ${envChanges}) - ${this.#keep - 1}`));
    });
  }

  /** The newest first. */
  async list(limit: number): Promise<EnvChangeEntry[]> {
    const rows = await this.#database.use((queries) =>
      queries.select().from(envChanges).orderBy(desc(envChanges.id)).limit(limit),
    );
    return rows.map((row) => ({ ...row, at: new Date(row.at).toISOString() }));
  }
}
