import { createHash } from 'node:crypto';

/** Raised whenever this library puts something else into an image of the same inputs. */
export const RECIPE_VERSION = 1;

/** Everything that decides an image's content; the names of branches and the commit do not. */
export interface KeyInputs {
  /** Id of the git tree. */
  tree: string;
  dockerfile: string;
  target?: string;
  /** Each base image with its id on the engine, or its own reference where the engine does not have it. */
  bases: readonly { reference: string; id: string }[];
  buildArgs: Readonly<Record<string, string>>;
  platform: string;
}

/** The identity of an image: 64 hex digits, the same wherever the inputs are the same. */
export function imageKey(inputs: KeyInputs): string {
  const canonical = JSON.stringify([
    RECIPE_VERSION,
    inputs.tree,
    inputs.dockerfile,
    inputs.target ?? '',
    inputs.bases.map((base) => [base.reference, base.id]),
    Object.entries(inputs.buildArgs).sort(([a], [b]) => (a < b ? -1 : 1)),
    inputs.platform,
  ]);
  return createHash('sha256').update(canonical).digest('hex');
}
