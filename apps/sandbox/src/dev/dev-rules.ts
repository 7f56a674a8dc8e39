import { readFile } from 'node:fs/promises';
import picomatch from 'picomatch';
import * as z from 'zod';
import { CliError } from '../cli-error.js';

const globs = z.array(z.string().min(1));

/** What must be done in a sandbox after certain files of its repository have changed. */
const ruleSchema = z.strictObject({
  /** Globs, from the root of the repository. */
  paths: globs.min(1),
  /** Globs of what does not count. */
  except: globs.default([]),
  /** Tasks of pidnap to run again. */
  run: z.array(z.string()).default([]),
  /** Services of pidnap to restart. */
  restart: z.array(z.string()).default([]),
  /** Let pidnap read its configuration again. */
  reload: z.boolean().default(false),
  /** Stop and start the sandbox: what changed is loaded only then. */
  restartSandbox: z.boolean().default(false),
  /** Something to tell. */
  note: z.string().optional(),
});

export type DevRule = z.output<typeof ruleSchema>;

/** What a set of changed files asks for, each thing once. */
export interface DevActions {
  readonly run: readonly string[];
  readonly restart: readonly string[];
  readonly reload: boolean;
  readonly restartSandbox: boolean;
  readonly notes: readonly string[];
}

/** The rules in the `dev` part of a `sandbox.config.json`; none when it has no such part. */
export async function readDevRules(file: string): Promise<readonly DevRule[]> {
  const { dev } = z.object({ dev: z.unknown() }).parse(JSON.parse(await readFile(file, 'utf8')));
  const parsed = z.array(ruleSchema).default([]).safeParse(dev);
  if (parsed.success) return parsed.data;
  throw new CliError('Usage', `"dev" in ${file} is not valid:\n${z.prettifyError(parsed.error)}`, {});
}

/** @param paths What changed, relative to the root of the repository. */
export function actionsFor(rules: readonly DevRule[], paths: readonly string[]): DevActions {
  const hit = rules.filter(({ paths: wanted, except }) => {
    const matches = picomatch(wanted, { dot: true, ignore: except });
    return paths.some((path) => matches(path));
  });
  const names = (of: (rule: DevRule) => readonly string[]): string[] => [...new Set(hit.flatMap(of))];
  return {
    run: names((rule) => rule.run),
    restart: names((rule) => rule.restart),
    reload: hit.some((rule) => rule.reload),
    restartSandbox: hit.some((rule) => rule.restartSandbox),
    notes: names((rule) => (rule.note === undefined ? [] : [rule.note])),
  };
}
