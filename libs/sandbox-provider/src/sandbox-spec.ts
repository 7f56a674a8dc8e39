import * as z from 'zod';

const name = z
  .string()
  .regex(
    /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/,
    'expected 1 to 63 letters, digits, "_", "." or "-", not starting with a sign',
  );

const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected a name of letters, digits and "_"');

/** Limits on what one sandbox may use. What is left out is not limited. */
const resources = z.strictObject({
  /** CPU cores; fractions are allowed. */
  cpus: z.number().positive().optional(),
  /** Memory in bytes; a sandbox that needs more has its largest process killed. */
  memoryBytes: z
    .int()
    .min(6 * 1024 * 1024, 'expected at least 6 MiB')
    .optional(),
  /** Processes and threads. */
  pids: z.int().positive().optional(),
  /** Size of the writable layer in bytes, where the engine can limit it. */
  diskBytes: z.int().positive().optional(),
});

/** The validator of {@link SandboxSpec}. Unknown keys are refused. */
export const sandboxSpecSchema = z.strictObject({
  /** Image reference or id, as the provider names it. */
  image: z.string().min(1),
  /** Unique on the provider. @default a name made by the provider */
  name: name.optional(),
  /** Environment of the main process and of every command. Values may hold any character but NUL. */
  env: z
    .record(
      envName,
      z.string().refine((value) => !value.includes('\0'), 'expected no NUL'),
    )
    .default({}),
  /** Found again by {@link Driver.list}; the `owner`, `session` and `ref` belong here. */
  labels: z.record(z.string().min(1), z.string()).default({}),
  /** TCP ports inside that `endpoint(port)` must be able to reach. */
  ports: z.array(z.int().min(1).max(65_535)).default([]),
  /** Replaces the main process of the image: program and arguments. @default the image's own */
  command: z.array(z.string()).min(1).optional(),
  /** User for the main process and for commands. @default the image's own */
  user: z.string().min(1).optional(),
  /** Working directory. @default the image's own */
  cwd: z.string().startsWith('/', 'expected an absolute path').optional(),
  resources: resources.default({}),
  /** Milliseconds from creation after which the sandbox may be destroyed; needs the `expiry` capability. */
  ttlMs: z.int().positive().optional(),
  /** Two creates with the same key give the same sandbox. */
  idempotencyKey: z.string().min(1).max(256).optional(),
  /** Options of one provider under its name, checked by that provider's own schema. */
  provider: z.record(z.string(), z.unknown()).default({}),
});

/** What a sandbox is made from, as callers write it. */
export type SandboxSpec = z.input<typeof sandboxSpecSchema>;

/** A {@link SandboxSpec} after validation, with its defaults: what a driver receives. */
export type ValidSandboxSpec = z.output<typeof sandboxSpecSchema>;
