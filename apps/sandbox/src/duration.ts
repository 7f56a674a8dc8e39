import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `90s`, `30m`, `8h` or `2d`. */
export function parseDuration(value: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(value) ?? [];
  const ms = Math.round(Number(amount) * (UNITS[unit ?? ''] ?? Number.NaN));
  if (!(ms > 0)) throw new InvalidArgumentError('Expected a duration such as 90s, 30m, 8h or 2d.');
  return ms;
}

/** {@link parseDuration}, or 0 for `0`, `0s` and the like. */
export function parseDurationOrZero(value: string): number {
  return /^0[smhd]?$/.test(value) ? 0 : parseDuration(value);
}

/** The largest whole unit of a time that has passed, or is to come. */
export function shortDuration(ms: number): string {
  const units = Object.entries(UNITS).reverse();
  const [unit, size] = units.find(([, candidate]) => ms >= candidate) ?? ['s', 1_000];
  return `${Math.max(0, Math.floor(ms / size))}${unit}`;
}
