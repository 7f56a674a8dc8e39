import { SandboxError } from './sandbox-error.js';

interface Issue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}

type Validation<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

/**
 * A validator, by the structural interface that zod, valibot and arktype share ("Standard Schema"), so
 * that no validator's own types are part of the contract.
 */
export interface Schema<Input, Output> {
  readonly '~standard': {
    readonly validate: (value: unknown) => Validation<Output> | Promise<Validation<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/**
 * Validates `input`.
 *
 * @param subject What is being checked, for the message: "sandbox spec", "docker config".
 * @throws SandboxError `InvalidSpec` listing every issue with its path.
 */
export async function validate<Output>(
  schema: Schema<unknown, Output>,
  input: unknown,
  subject: string,
): Promise<Output> {
  const result = await schema['~standard'].validate(input);
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map(formatIssue);
  throw new SandboxError('InvalidSpec', `The ${subject} is not valid: ${issues.join('; ')}`, { issues });
}

function formatIssue(issue: Issue): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}
