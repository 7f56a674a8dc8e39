import { type ParseArgsConfig, parseArgs } from 'node:util';

/**
 * The options of a benchmark as they were given. `--help` prints the usage and ends the process with 0; an option that
 * does not exist prints it below the reason and ends it with 2.
 */
export function benchOptions<T extends NonNullable<ParseArgsConfig['options']>>(usage: string, options: T) {
  if (process.argv.slice(2).some((argument) => ['--help', '-h'].includes(argument))) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}\n`);
    process.exit(2);
  }
}
