import { CliError } from './cli-error.js';

/** One side of a copy. */
export type CopyPath =
  | { readonly side: 'here'; readonly path: string }
  /** `name` is left out for the only sandbox of the repository. */
  | { readonly side: 'sandbox'; readonly name: string | undefined; readonly path: string };

/**
 * Reads one argument of `sandbox cp`: `web:/path` and `:/path` are in a sandbox, all else is here. A path here
 * that looks like one in a sandbox is written with a slash in front of the colon: `./a:b`.
 */
export function parseCopyPath(text: string): CopyPath {
  const [, name = '', path] = /^([\w.-]*):(\/.*)$/.exec(text) ?? [];
  if (path === undefined) return { side: 'here', path: text };
  return { side: 'sandbox', name: name === '' ? undefined : name, path };
}

/** The two sides of a copy, of which exactly one is in a sandbox. @throws CliError `Usage` */
export function parseCopy(from: string, to: string): { source: CopyPath; target: CopyPath } {
  const source = parseCopyPath(from);
  const target = parseCopyPath(to);
  if (source.side !== target.side) return { source, target };
  const which = source.side === 'here' ? 'Neither path is' : 'Both paths are';
  throw new CliError(
    'Usage',
    `${which} in a sandbox. Expected one like name:/path, or :/path, and one here.`,
    {},
  );
}
