/** What two builds of one commit need not have in common, and why. The README of `sandbox/` lists the same. */
const REASONS: readonly (readonly [path: RegExp, reason: string])[] = [
  [/\/\.git\/index$/, 'git keeps times and inode numbers in it, to see what has changed without reading it'],
  [/\/node_modules\/\.modules\.yaml$/, 'pnpm notes when it pruned'],
  [/\/node_modules\/\.pnpm-workspace-state-v1\.json$/, 'pnpm notes when it looked at the workspace'],
  [/^\/home\/iterate\/\.cache\/pidnap\//, "V8's code cache of pidnap, which holds addresses of its process"],
];

/** Why a path may differ between two builds of one commit. @returns `undefined` when it should not. */
export function reasonOfDifference(path: string): string | undefined {
  return REASONS.find(([pattern]) => pattern.test(path))?.[1];
}
