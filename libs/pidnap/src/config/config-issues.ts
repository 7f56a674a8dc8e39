import { PidnapError } from '../pidnap-error.js';

/** One finding in a configuration: where it is and what is expected there. */
export interface ConfigIssue {
  /** Such as `processes.web.probes.readiness`. */
  readonly path: string;
  readonly message: string;
}

/** The error for a configuration with findings. */
export function invalidConfig(issues: readonly ConfigIssue[], configFile: string | null): PidnapError {
  const lines = issues.map(({ path, message }) => `  ${path}: ${message}`);
  return new PidnapError(
    'config-invalid',
    `The configuration${configFile === null ? '' : ` ${configFile}`} is not valid:\n${lines.join('\n')}`,
    { details: { issues, configFile } },
  );
}

/** What zod reports, as findings. */
export function fromZodIssues(issues: readonly ZodIssueLike[]): ConfigIssue[] {
  return issues.flatMap((issue) => flatten(issue, []));
}

interface ZodIssueLike {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly errors?: readonly (readonly ZodIssueLike[])[];
  readonly issues?: readonly ZodIssueLike[];
}

/** A union reports the alternative that got furthest, since "invalid input" helps nobody. */
function flatten(issue: ZodIssueLike, base: readonly PropertyKey[]): ConfigIssue[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'invalid_union' && issue.errors && issue.errors.length > 0) {
    const [best = []] = [...issue.errors].sort((a, b) => distance(a) - distance(b));
    return best.flatMap((inner) => flatten(inner, path));
  }
  if (issue.code === 'invalid_key' && issue.issues) {
    return [{ path: path.join('.'), message: issue.issues.map(({ message }) => message).join('; ') }];
  }
  return [{ path: path.join('.') || '(the whole)', message: issue.message }];
}

/** Few findings deep inside fit better than a wrong type at the top. */
function distance(issues: readonly ZodIssueLike[]): number {
  return issues.reduce(
    (sum, issue) => sum + (issue.path.length === 0 && issue.code === 'invalid_type' ? 100 : 1),
    0,
  );
}
