import { constants } from 'node:os';
import * as z from 'zod';
import type { PidnapConfig } from './config.js';

const name = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9._-]{0,63}$/,
    'a name starts with a letter and has letters, digits, ".", "_", "-"',
  );
const ms = z.number().min(0).max(2_147_483_647);
const count = z.int().min(1);
const port = z.int().min(1).max(65_535);
/** What execve takes: a NUL would end the string early, so Node refuses it with a throw. */
const text = z.string().refine((value) => !value.includes('\0'), 'must not contain a NUL character');
const filled = text.min(1);
const env = z.record(z.string().regex(/^[^=\0]+$/, 'a variable name has no "=" and no NUL character'), text);
const command = z
  .union([filled, z.tuple([filled], text)])
  .meta({ description: 'A line for /bin/sh -c, or a program and its arguments.' });
const files = z.union([filled, z.array(filled)]);
const signal = z.enum(Object.keys(constants.signals) as [NodeJS.Signals, ...NodeJS.Signals[]]);

const timing = {
  initialDelay: ms.optional().meta({ description: 'Milliseconds before the first check.' }),
  interval: ms.min(10).optional().meta({ description: 'Milliseconds between checks.' }),
  timeout: ms.min(1).optional().meta({ description: 'Milliseconds after which a check counts as failed.' }),
  failureThreshold: count.optional().meta({ description: 'Failures in a row until the verdict is failed.' }),
  successThreshold: count.optional().meta({ description: 'Successes in a row until the verdict is passed.' }),
};
const httpProbe = z.strictObject({
  http: z.union([
    z.url({ protocol: /^https?$/ }),
    z.strictObject({ port, host: filled.optional(), path: z.string().startsWith('/').optional() }),
  ]),
  ...timing,
});
const tcpProbe = z.strictObject({
  tcp: z.union([port, z.strictObject({ port, host: filled.optional() })]),
  ...timing,
});
const execProbe = z.strictObject({ exec: command, ...timing });
const logProbe = z.strictObject({
  log: z.union([z.string().min(1).refine(isPattern, 'not a valid regular expression'), z.instanceof(RegExp)]),
  ...timing,
});

const probe = z.union([httpProbe, tcpProbe, execProbe, logProbe]);

const dependsOn = z
  .union([z.array(name), z.record(name, z.enum(['started', 'healthy', 'completed']))])
  .meta({
    description: 'What must hold before a start; without a condition: task completed, process healthy.',
  });

const envOptions = z.strictObject({
  inheritProcessEnv: z.union([z.boolean(), z.array(filled)]).optional(),
  inheritGlobalEnv: z.boolean().optional(),
  envFile: files.optional(),
  reloadDelay: z
    .union([ms, z.boolean()])
    .optional()
    .meta({
      description: 'Restart so many ms after an env file changed what it gets; true: at once; false: never.',
    }),
});

const logs = z.strictObject({
  timestamps: z.boolean().optional(),
  maxBytes: z.int().min(4096).optional(),
  keep: z.int().min(0).max(999).optional(),
  flushAfter: ms.optional(),
});

const unit = {
  command,
  cwd: filled.optional(),
  env: env.optional(),
  envOptions: envOptions.optional(),
  dependsOn: dependsOn.optional(),
  logs: logs.optional(),
  user: z.union([filled, z.int().min(0)]).optional(),
  stopSignal: signal.optional(),
  stopTimeout: ms.optional(),
};

const task = z.strictObject({ ...unit, timeout: ms.min(1).optional() });

const process = z.strictObject({
  ...unit,
  autoStart: z.boolean().optional(),
  probes: z
    .strictObject({
      startup: probe.optional(),
      readiness: probe.optional(),
      liveness: z.union([httpProbe, tcpProbe, execProbe]).optional(),
    })
    .optional(),
  restart: z.enum(['always', 'on-failure', 'never']).optional(),
  backoff: z
    .strictObject({
      initial: ms.optional(),
      factor: z.number().min(1).optional(),
      max: ms.optional(),
      jitter: z.number().min(0).max(1).optional(),
    })
    .optional(),
  minUptime: ms.optional(),
  crashLoop: z
    .union([
      z.literal(false),
      z.strictObject({
        failures: count.optional(),
        window: ms.optional(),
        retryEvery: ms.min(100).optional(),
      }),
    ])
    .optional(),
  schedule: z
    .strictObject({ cron: filled, timeZone: filled.optional(), runOnStart: z.boolean().optional() })
    .optional(),
  critical: z.boolean().optional(),
});

const http = z.union([
  z.literal(false),
  z.strictObject({
    host: filled.optional(),
    port: z.int().min(0).max(65_535).optional(),
    token: z.string().min(16).optional(),
    socket: filled.optional(),
    allowedHosts: z.array(filled).optional(),
  }),
]);

/** The shape of a configuration. What needs a look at the whole of it is checked in `resolveConfig`. */
export const configSchema = z.strictObject({
  $schema: z.string().optional(),
  http: http.optional(),
  logDir: filled.optional(),
  env: env.optional(),
  envFile: files.optional(),
  logs: logs.optional(),
  tasks: z.record(name, task).optional(),
  processes: z.record(name, process).optional(),
});

/** Fails to compile when the schema and the written types of a configuration part ways. */
type Agrees<A, B> = [A] extends [B] ? true : never;
export const schemaMatchesTypes: Agrees<
  Omit<z.input<typeof configSchema>, '$schema'>,
  WithUndefined<PidnapConfig>
> = true;

/** zod's optional properties also take an explicit undefined. */
type WithUndefined<T> = T extends object ? { [K in keyof T]: WithUndefined<T[K]> | undefined } : T;

function isPattern(source: string): boolean {
  try {
    new RegExp(source);
    return true;
  } catch {
    return false;
  }
}
