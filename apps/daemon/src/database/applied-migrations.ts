import type { Client, Transaction } from '@libsql/client/sqlite3';

/** A migration that a database has had. */
export interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  readonly sha256: string;
}

/** What a database has had so far, in order; nothing for a new one. */
export async function appliedMigrations(connection: Client | Transaction): Promise<AppliedMigration[]> {
  const table = await connection.execute("select 1 from sqlite_schema where name = 'schema_migrations'");
  if (table.rows.length === 0) return [];
  const { rows } = await connection.execute(
    'select version, name, sha256 from schema_migrations order by version',
  );
  return rows.map((row) => ({
    version: Number(row.version),
    name: String(row.name),
    sha256: String(row.sha256),
  }));
}
