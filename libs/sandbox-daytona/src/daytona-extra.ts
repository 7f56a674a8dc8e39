import * as z from 'zod';

/** The validator of {@link DaytonaExtra}. */
export const daytonaExtraSchema = z.strictObject({
  /** Previews need no token. @default false */
  public: z.boolean().default(false),
  /** No network but the toolbox's. @default false */
  networkBlockAll: z.boolean().default(false),
  /**
   * Minutes without a call to the API after which the service stops the sandbox; 0 for never. Work inside
   * does not count as activity. @default the service's (15)
   */
  autoStopMinutes: z.int().min(0).optional(),
  /** Minutes after a stop until the service archives it. @default the service's (7 days) */
  autoArchiveMinutes: z.int().min(0).optional(),
  /** Minutes after a stop until the service deletes it; 0 for at once. @default never */
  autoDeleteMinutes: z.int().min(0).optional(),
  /** How long a create may take. @default 300000 */
  createTimeoutMs: z.int().positive().default(300_000),
});

/** Options of Daytona for one sandbox, under `spec.provider.daytona`. */
export type DaytonaExtra = z.output<typeof daytonaExtraSchema>;
