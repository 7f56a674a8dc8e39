import type { Context } from 'hono';
import type { z } from 'zod';
import { ApiError } from './api-error.js';

/** The JSON body of a request. @throws ApiError 400 naming what is wrong */
export async function bodyOf<Schema extends z.ZodType>(
  c: Context,
  schema: Schema,
): Promise<z.output<Schema>> {
  let value: unknown;
  try {
    value = await c.req.json();
  } catch {
    throw new ApiError(400, 'The body is not JSON');
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new ApiError(400, issues.join('; '));
}
