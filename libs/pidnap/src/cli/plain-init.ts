import type { InitOptions } from './init.js';

const flags = { '--logs': 'logs', '--json-logs': 'jsonLogs', '--quiet': 'quiet', '-q': 'quiet' } as const;

/**
 * Reads `init` with nothing but options of its own, so that a manager, which stays, does without the library that
 * reads command lines: 2 MB, and 8 ms of its start.
 *
 * @returns undefined for every other command line, mistakes and `--help` among them
 */
export function plainInit([command, ...words]: readonly string[]): InitOptions | undefined {
  if (command !== 'init') return undefined;
  const options: { config: string; logs?: boolean; jsonLogs?: boolean; quiet?: boolean } = { config: '.' };
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string;
    if (word === '-c' || word === '--config') {
      const value = words[++index];
      if (value === undefined || value.startsWith('-')) return undefined;
      options.config = value;
    } else if (Object.hasOwn(flags, word)) {
      options[flags[word as keyof typeof flags]] = true;
    } else {
      return undefined;
    }
  }
  return options;
}
