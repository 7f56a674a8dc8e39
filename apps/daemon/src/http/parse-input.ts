import type { Context } from 'hono';
import type * as z from 'zod';
import { DaemonError } from '../daemon-error.js';

/** Validates input from outside. @throws DaemonError `bad-request` with every finding; findings name no values */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) =>
    issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`,
  );
  throw new DaemonError('bad-request', `The request is not valid. ${issues.join('; ')}.`, { issues });
}

/** Reads and validates a JSON body. @throws DaemonError `bad-request` */
export async function parseJsonBody<Schema extends z.ZodType>(
  context: Context,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const text = await context.req.text();
  let body: unknown;
  try {
    body = JSON.parse(text, refuseProto);
  } catch (error) {
    if (error instanceof DaemonError) throw error;
    // The parser's own message quotes the text, which can hold a secret.
    throw new DaemonError('bad-request', 'The body is not valid JSON.', { issues: ['body: not valid JSON'] });
  }
  return parseInput(schema, body);
}

/** Objects cannot hold this name as data: somewhere on the way it would be lost without a word. */
function refuseProto(name: string, value: unknown): unknown {
  if (name !== '__proto__') return value;
  const issue = 'the name __proto__ cannot be used';
  throw new DaemonError('bad-request', `The request is not valid. ${issue}.`, { issues: [issue] });
}
