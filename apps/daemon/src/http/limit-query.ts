import * as z from 'zod';

/** `?limit=N` of the endpoints that list a history. */
export const limitQuery = z.object({
  limit: z.coerce.number('expected a whole number from 1 to 1000').int().min(1).max(1000).default(100),
});
