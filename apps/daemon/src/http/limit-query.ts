import * as z from 'zod';

/** `?limit=N` of the endpoints that list a history. */
export const limitQuery = z.object({
  limit: z.coerce.number('expected a number').int().min(1).max(1000).default(100),
});
