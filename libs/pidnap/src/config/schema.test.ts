import { describe, expect, expectTypeOf, it } from 'vitest';
import type * as z from 'zod/mini';
import type { PidnapConfig, ProcessConfig, TaskConfig } from './config.js';
import { configJsonSchema } from './json-schema.js';
import type { configSchema } from './schema.js';

/** zod's optional properties also take an explicit undefined. */
type Loose<T> = T extends RegExp ? T : T extends object ? { [K in keyof T]: Loose<T[K]> | undefined } : T;

type Input = Omit<z.input<typeof configSchema>, '$schema'>;
type InputProcess = NonNullable<Input['processes']>[string];
type InputTask = NonNullable<Input['tasks']>[string];

describe('configSchema', () => {
  it('takes what the written types describe, and nothing else', () => {
    expectTypeOf<Input>().toExtend<Loose<PidnapConfig>>();
    expectTypeOf<keyof Input>().toEqualTypeOf<keyof PidnapConfig>();
    expectTypeOf<keyof InputProcess>().toEqualTypeOf<keyof ProcessConfig>();
    expectTypeOf<keyof InputTask>().toEqualTypeOf<keyof TaskConfig>();
  });
});

describe('configJsonSchema', () => {
  const schema = JSON.parse(JSON.stringify(configJsonSchema()));

  it('knows every option and refuses others', () => {
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(Object.keys(schema.properties).sort()).toEqual(
      ['$schema', 'env', 'envFile', 'http', 'logDir', 'logs', 'processes', 'tasks'].sort(),
    );
    expect(schema.additionalProperties).toBe(false);
    const process = schema.properties.processes.additionalProperties;
    expect(process.required).toEqual(['command']);
    expect(process.additionalProperties).toBe(false);
    expect(process.properties.restart).toEqual({ type: 'string', enum: ['always', 'on-failure', 'never'] });
  });

  it('has no hole through which anything would pass', () => {
    const holes: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      if (!Array.isArray(node) && Object.keys(node).length === 0) holes.push(path);
      for (const [key, value] of Object.entries(node)) walk(value, `${path}/${key}`);
    };
    walk(schema, '');
    // `{ "not": {} }` stands for a RegExp object, which no file can hold.
    expect(holes.filter((path) => !path.endsWith('/not'))).toEqual([]);
  });
});
