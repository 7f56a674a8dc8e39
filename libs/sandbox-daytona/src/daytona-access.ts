import { SandboxError } from '@iterate/sandbox-provider';
import * as z from 'zod';
import type { DaytonaAccess } from './daytona-sdk.js';
import { parseInput } from './parse-input.js';

const HOSTED_API = 'https://app.daytona.io/api';
const DEFAULT_TARGET = 'us';

/** The validator of what {@link findDaytonaAccess} takes. */
export const daytonaConfigSchema = z.strictObject({
  /** @default `DAYTONA_API_URL`, then the hosted service */
  apiUrl: z.url().optional(),
  /** @default `DAYTONA_API_KEY` */
  apiKey: z.string().min(1).optional(),
  /** Region. @default `DAYTONA_TARGET`, then `us` */
  target: z.string().min(1).optional(),
});

/** How to reach Daytona, as callers write it. */
export type DaytonaConfig = z.input<typeof daytonaConfigSchema>;

/** @throws SandboxError `InvalidSpec` */
export function parseDaytonaConfig(config: DaytonaConfig): DaytonaConfig {
  return parseInput(daytonaConfigSchema, config, 'daytona config');
}

/**
 * Address and key, from the config or the environment.
 *
 * @throws SandboxError `InvalidSpec` without a key
 */
export function findDaytonaAccess(
  config: DaytonaConfig,
  env: NodeJS.ProcessEnv = process.env,
): DaytonaAccess {
  const apiKey = config.apiKey ?? given(env.DAYTONA_API_KEY);
  if (apiKey === undefined)
    throw new SandboxError(
      'InvalidSpec',
      'There is no Daytona API key: set DAYTONA_API_KEY. To try it without an account, run "pnpm daytona:emulator" and export the two lines that it prints.',
      { issues: ['apiKey: DAYTONA_API_KEY is not set'] },
    );
  return {
    apiKey,
    apiUrl: config.apiUrl ?? given(env.DAYTONA_API_URL) ?? HOSTED_API,
    target: config.target ?? given(env.DAYTONA_TARGET) ?? DEFAULT_TARGET,
  };
}

/** A variable that is set to nothing counts as not set. */
function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
