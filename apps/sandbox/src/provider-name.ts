import { CliError } from './cli-error.js';

/** The providers that the command knows, the default first. */
export const PROVIDER_NAMES = ['docker', 'daytona'] as const;

/** One of {@link PROVIDER_NAMES}. */
export type ProviderName = (typeof PROVIDER_NAMES)[number];

const VARIABLE = 'SANDBOX_PROVIDER';
const OPTION = '--provider';

/**
 * The provider that `--provider` or `SANDBOX_PROVIDER` names.
 *
 * @returns `undefined` when neither does
 * @throws CliError `Usage` for a name that is none
 */
export function chosenProvider(
  flag: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): ProviderName | undefined {
  const [source, value] = flag === undefined ? [VARIABLE, env[VARIABLE] || undefined] : [OPTION, flag];
  if (value === undefined) return undefined;
  const name = PROVIDER_NAMES.find((candidate) => candidate === value);
  if (name !== undefined) return name;
  throw new CliError('Usage', `${source} is "${value}". Expected one of: ${PROVIDER_NAMES.join(', ')}.`, {
    option: source,
  });
}

/** {@link chosenProvider}, or the default. @throws CliError `Usage` */
export function requiredProvider(flag: string | undefined, env?: NodeJS.ProcessEnv): ProviderName {
  return chosenProvider(flag, env) ?? PROVIDER_NAMES[0];
}
