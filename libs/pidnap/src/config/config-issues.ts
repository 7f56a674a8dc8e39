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
  const where = path.join('.') || '(the whole)';
  if (issue.code === 'invalid_union' && issue.errors && issue.errors.length > 0) {
    const tops = issue.errors.map((errors) => errors.find((inner) => inner.path.length === 0)?.message);
    if (tops.every((message) => message !== undefined) && issue.errors.every(isWrongType)) {
      return [{ path: where, message: [...new Set(tops)].join('; or ') }];
    }
    const [best = []] = [...issue.errors].sort((a, b) => distance(a) - distance(b));
    if (isOtherShape(best)) return [{ path: where, message: issue.message }];
    return best.flatMap((inner) => flatten(inner, path));
  }
  if (issue.code === 'invalid_key' && issue.issues) {
    return [{ path: where, message: issue.issues.map(({ message }) => message).join('; ') }];
  }
  return [{ path: where, message: issue.message }];
}

/** The value is no attempt at this alternative at all. */
function isWrongType(issues: readonly ZodIssueLike[]): boolean {
  return issues.some(
    ({ path, code }) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value'),
  );
}

/** Neither the key that names this alternative is there, nor are there only keys that it knows. */
function isOtherShape(issues: readonly ZodIssueLike[]): boolean {
  const missing = issues.some((issue) => issue.path.length === 1 && isMissing(issue));
  return missing && issues.some(({ path, code }) => path.length === 0 && code === 'unrecognized_keys');
}

function isMissing({ message, errors }: ZodIssueLike): boolean {
  return errors?.length ? errors.flat().some(isMissing) : message.endsWith('received undefined');
}

/** Few findings deep inside fit better than a wrong type at the top. */
function distance(issues: readonly ZodIssueLike[]): number {
  return issues.reduce((sum) => sum + 1, isWrongType(issues) || isOtherShape(issues) ? 100 : 0);
}
