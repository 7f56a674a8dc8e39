import { constants } from 'node:os';
import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';

// zod/mini, since the manager holds it in memory for good; it comes without any messages.
z.config(en());

const filled = z.string().check(z.minLength(1), z.regex(/^[^\0]*$/, 'must not contain a NUL character'));
/** What execve takes: a NUL would end the string early, so Node refuses it with a throw. */
const text = z.string().check(z.regex(/^[^\0]*$/, 'must not contain a NUL character'));
const name = z
  .string()
  .check(
    z.regex(
      /^[A-Za-z][A-Za-z0-9._-]{0,63}$/,
      'a name starts with a letter and has letters, digits, ".", "_", "-", at most 64',
    ),
  );
const ms = z.number().check(z.gte(0), z.lte(2_147_483_647));
const msAtLeast = (least: number) => z.number().check(z.gte(least), z.lte(2_147_483_647));
const count = z.int().check(z.gte(1));
const port = z.int().check(z.gte(1), z.lte(65_535));
const env = z.record(
  z.string().check(z.regex(/^[^=\0]+$/, 'a variable name has no "=" and no NUL character')),
  text,
);
const command = z
  .union([filled, z.tuple([filled], text)])
  .check(z.meta({ description: 'A line for /bin/sh -c, or a program and its arguments.' }));
const files = z.union([filled, z.array(filled)]);
const signal = z.enum(Object.keys(constants.signals) as [NodeJS.Signals, ...NodeJS.Signals[]]);

const timing = {
  initialDelay: z.optional(ms.check(z.meta({ description: 'Milliseconds before the first check.' }))),
  interval: z.optional(msAtLeast(10).check(z.meta({ description: 'Milliseconds between checks.' }))),
  timeout: z.optional(
    msAtLeast(1).check(z.meta({ description: 'Milliseconds after which a check counts as failed.' })),
  ),
  failureThreshold: z.optional(
    count.check(z.meta({ description: 'Failures in a row until the verdict is failed.' })),
  ),
  successThreshold: z.optional(
    count.check(z.meta({ description: 'Successes in a row until the verdict is passed.' })),
  ),
};
const httpProbe = z.strictObject({
  http: z.union([
    z.url({ protocol: /^https?$/ }),
    z.strictObject({
      port,
      host: z.optional(filled),
      path: z.optional(z.string().check(z.startsWith('/'))),
    }),
  ]),
  ...timing,
});
const tcpProbe = z.strictObject({
  tcp: z.union([port, z.strictObject({ port, host: z.optional(filled) })]),
  ...timing,
});
const execProbe = z.strictObject({ exec: command, ...timing });
const logProbe = z.strictObject({
  log: z.union([
    filled.check(z.refine(isPattern, 'not a valid regular expression')),
    z.instanceof(RegExp).check(z.meta({ description: 'In TypeScript and JavaScript only.' })),
  ]),
  ...timing,
});

const probe = z.union([httpProbe, tcpProbe, execProbe, logProbe], 'a probe has one of http, tcp, exec, log');
const livenessProbe = z.union(
  [httpProbe, tcpProbe, execProbe],
  'a liveness probe has one of http, tcp, exec; a log line cannot show that a process still lives',
);

const dependsOn = z.union([z.array(name), z.record(name, z.enum(['started', 'healthy', 'completed']))]).check(
  z.meta({
    description: 'What must hold before a start; without a condition: task completed, process healthy.',
  }),
);

const envOptions = z.strictObject({
  inheritProcessEnv: z.optional(z.union([z.boolean(), z.array(filled)])),
  inheritGlobalEnv: z.optional(z.boolean()),
  envFile: z.optional(files),
  reloadDelay: z.optional(
    z.union([ms, z.boolean()]).check(
      z.meta({
        description:
          'Restart so many ms after an env file changed what it gets; true: at once; false: never.',
      }),
    ),
  ),
});

const logs = z.strictObject({
  timestamps: z.optional(z.boolean()),
  maxBytes: z.optional(z.int().check(z.gte(4096))),
  keep: z.optional(z.int().check(z.gte(0), z.lte(999))),
  flushAfter: z.optional(ms),
});

const unit = {
  command,
  cwd: z.optional(filled),
  env: z.optional(env),
  envOptions: z.optional(envOptions),
  dependsOn: z.optional(dependsOn),
  logs: z.optional(logs),
  user: z.optional(z.union([filled, z.int().check(z.gte(0))])),
  stopSignal: z.optional(signal),
  stopTimeout: z.optional(ms),
};

const task = z.strictObject({ ...unit, timeout: z.optional(msAtLeast(1)) });

const process = z.strictObject({
  ...unit,
  autoStart: z.optional(z.boolean()),
  probes: z.optional(
    z.strictObject({
      startup: z.optional(probe),
      readiness: z.optional(probe),
      liveness: z.optional(livenessProbe),
    }),
  ),
  restart: z.optional(z.enum(['always', 'on-failure', 'never'])),
  backoff: z.optional(
    z.strictObject({
      initial: z.optional(ms),
      factor: z.optional(z.number().check(z.gte(1))),
      max: z.optional(ms),
      jitter: z.optional(z.number().check(z.gte(0), z.lte(1))),
    }),
  ),
  minUptime: z.optional(ms),
  crashLoop: z.optional(
    z.union([
      z.literal(false),
      z.strictObject({
        failures: z.optional(count),
        window: z.optional(ms),
        retryEvery: z.optional(msAtLeast(100)),
      }),
    ]),
  ),
  schedule: z.optional(
    z.strictObject({
      cron: filled,
      timeZone: z.optional(filled),
      runOnStart: z.optional(z.boolean()),
    }),
  ),
  critical: z.optional(z.boolean()),
});

const http = z.union([
  z.literal(false),
  z.strictObject({
    host: z.optional(filled),
    port: z.optional(z.int().check(z.gte(0), z.lte(65_535))),
    token: z.optional(z.string().check(z.minLength(16))),
    socket: z.optional(filled),
    allowedHosts: z.optional(z.array(filled)),
  }),
]);

/** The shape of a configuration. What needs a look at the whole of it is checked in `resolveConfig`. */
export const configSchema = z.strictObject({
  $schema: z.optional(z.string()),
  http: z.optional(http),
  logDir: z.optional(filled),
  env: z.optional(env),
  envFile: z.optional(files),
  logs: z.optional(logs),
  tasks: z.optional(z.record(name, task)),
  processes: z.optional(z.record(name, process)),
});

function isPattern(source: string): boolean {
  try {
    new RegExp(source);
    return true;
  } catch {
    return false;
  }
}
