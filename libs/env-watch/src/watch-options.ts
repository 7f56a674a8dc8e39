import { EnvWatchError } from './env-watch-error.js';
import type { WatchEnvOptions } from './env-watcher.js';

const DEFAULTS = { settleMs: 50, secondLookMs: 150, pollMs: 0, maxBytes: 1_048_576 } as const;

export type CheckedOptions = Readonly<Record<keyof typeof DEFAULTS, number>> & {
  readonly signal: AbortSignal | undefined;
};

/** Fills in the defaults. @throws {EnvWatchError} `invalid-option` naming the option */
export function checkOptions(options: WatchEnvOptions): CheckedOptions {
  const number = (name: keyof typeof DEFAULTS): number => {
    const value = options[name] ?? DEFAULTS[name];
    if (!Number.isFinite(value) || value < 0) throw invalidOption(name, 'a number of at least 0');
    return value;
  };
  return {
    settleMs: number('settleMs'),
    secondLookMs: number('secondLookMs'),
    pollMs: number('pollMs'),
    maxBytes: number('maxBytes'),
    signal: options.signal,
  };
}

export function invalidOption(option: string, expected: string): EnvWatchError {
  return new EnvWatchError('invalid-option', `${option} must be ${expected}`, { option });
}
