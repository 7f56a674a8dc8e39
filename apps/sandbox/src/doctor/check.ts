/** What a check found. */
export interface Finding {
  readonly status: 'ok' | 'warn' | 'fail';
  /** What is the case, in a few words. */
  readonly text: string;
  /** What to do about it; always there unless `ok`. */
  readonly fix?: string;
}

/** One thing that a sandbox needs of this machine. */
export interface Check {
  readonly name: string;
  run(): Promise<Finding>;
}

/** A finding with the name of its check. */
export type NamedFinding = Finding & { readonly name: string };

/** Runs all checks at once; one that throws has failed. Findings come in the order of the checks. */
export function runChecks(checks: readonly Check[]): Promise<NamedFinding[]> {
  return Promise.all(
    checks.map(async ({ name, run }) => {
      try {
        return { name, ...(await run()) };
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        return {
          name,
          status: 'fail' as const,
          text,
          fix: 'Run "sandbox doctor --verbose" for where it happened.',
        };
      }
    }),
  );
}
