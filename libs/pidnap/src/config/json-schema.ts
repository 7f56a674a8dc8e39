import * as z from 'zod/mini';
import { configSchema } from './schema.js';

/** The JSON Schema of a configuration, for editors and for files written by other programs. */
export function configJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(configSchema, {
    target: 'draft-2020-12',
    io: 'input',
    unrepresentable: 'any',
    // A RegExp object cannot be in a JSON or YAML file; without this it would stand for anything.
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'custom') Object.assign(jsonSchema, { not: {} });
    },
  });
  return { title: 'pidnap configuration', ...schema };
}
