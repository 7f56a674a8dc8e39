import { SandboxError } from '@iterate/sandbox-provider';
import type * as z from 'zod';

/**
 * Checks what a caller gave.
 *
 * @param subject In words that fit after "The".
 * @throws SandboxError `InvalidSpec` listing every issue with its path
 */
export function parseInput<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  subject: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new SandboxError('InvalidSpec', `The ${subject} is not valid: ${issues.join('; ')}`, { issues });
}
