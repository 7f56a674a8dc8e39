import * as z from 'zod';

const mount = z.strictObject({
  /** Absolute path on the engine's host. */
  source: z.string().startsWith('/', 'expected an absolute path'),
  /** Absolute path inside. */
  target: z.string().startsWith('/', 'expected an absolute path'),
  /** Whether processes inside may write. @default false */
  writable: z.boolean().default(false),
});

/** Options that only Docker has, under `spec.provider.docker`. Unknown keys are refused. */
export const dockerExtraSchema = z.strictObject({
  /** Directories and files of the engine's host, bound in read-only unless told otherwise. */
  mounts: z.array(mount).default([]),
  /** Port inside to port on the host. @default a free port for each of `spec.ports` */
  hostPorts: z.record(z.coerce.number().int().min(1).max(65_535), z.int().min(1).max(65_535)).default({}),
  /** Address on which ports are published. Anything but loopback is reachable from other machines. */
  bindAddress: z.string().default('127.0.0.1'),
  /** Capabilities on top of the default set (see the README). */
  capAdd: z.array(z.string()).default([]),
  /** Root file system read-only; `/tmp` and `/run` become memory. @default false */
  readOnlyRoot: z.boolean().default(false),
  /** A network that exists. @default one shared by all sandboxes in which they cannot reach each other */
  network: z.string().optional(),
  /** Run a small init as process 1, for images that have none. @default false */
  init: z.boolean().default(false),
  /** OCI runtime, e.g. `runsc` for gVisor. @default the engine's default */
  runtime: z.string().optional(),
});

/** {@link dockerExtraSchema} as callers write it. */
export type DockerExtraInput = z.input<typeof dockerExtraSchema>;

/** {@link dockerExtraSchema} with its defaults. */
export type DockerExtra = z.output<typeof dockerExtraSchema>;
