import { CliError } from './cli-error.js';

/**
 * Tells the name from the command in `exec [name] -- <command...>`. Commander drops the `--` when no name is
 * before it, so the place of it is looked up in what was typed.
 *
 * @param args What commander left for `exec`.
 * @param typed The whole command line.
 * @throws CliError `Usage`
 */
export function splitExecArguments(
  args: readonly string[],
  typed: readonly string[],
): { name: string | undefined; argv: string[] } {
  const dashes = typed.indexOf('--');
  const argv = dashes === -1 ? [...args] : typed.slice(dashes + 1);
  const before = dashes === -1 ? [] : args.slice(0, args.length - argv.length).filter((arg) => arg !== '--');
  if (argv.length === 0 || before.length > 1)
    throw new CliError('Usage', 'Expected: sandbox exec [name] -- <command...>', {});
  return { name: before[0], argv };
}
