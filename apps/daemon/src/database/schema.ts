import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

// The tables as the newest migration leaves them; `migrations/*.sql` creates them.

export const envChanges = sqliteTable('env_changes', {
  id: integer('id').primaryKey(),
  key: text('key').notNull(),
  action: text('action', { enum: ['added', 'changed', 'removed'] }).notNull(),
  /** Unix time in ms. */
  at: integer('at').notNull(),
});

export const serviceTransitions = sqliteTable('service_transitions', {
  id: integer('id').primaryKey(),
  /** The run of pidnap that `eventId` belongs to. */
  instance: text('instance').notNull(),
  eventId: integer('event_id').notNull(),
  service: text('service').notNull(),
  kind: text('kind', { enum: ['process', 'task'] }).notNull(),
  fromState: text('from_state').notNull(),
  toState: text('to_state').notNull(),
  reasonCode: text('reason_code'),
  reasonMessage: text('reason_message'),
  /** Unix time in ms. */
  at: integer('at').notNull(),
});
