/** Prints one figure to a line, with its target and whether it was met. */
export function report(what: string, value: number, unit: keyof typeof FORMATS, target?: Target): void {
  const format = FORMATS[unit];
  const line = `${what.padEnd(60)} ${format(value).padStart(10)}`;
  if (target === undefined) {
    print(line);
    return;
  }
  const [sign, limit] = 'most' in target ? ['≤', target.most] : ['≥', target.least];
  const met = 'most' in target ? value <= limit : value >= limit;
  print(`${line}   ${sign} ${format(limit).padEnd(10)} ${met ? 'met' : 'MISSED'}`);
}

/** In the unit of the figure. */
type Target = { readonly most: number } | { readonly least: number };

const FORMATS = {
  ms: (value: number): string =>
    value < 10_000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`,
  MB: (value: number): string => `${value.toFixed(0)} MB`,
  'MB/s': (value: number): string => `${value.toFixed(0)} MB/s`,
  files: (value: number): string => String(value),
} as const;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
