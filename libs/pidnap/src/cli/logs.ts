import colors from 'picocolors';
import { PidnapError } from '../pidnap-error.js';
import type { LogLine } from '../protocol/info.js';
import type { CommandContext } from './program.js';
import { printLine } from './stdio.js';

interface LogsOptions {
  readonly follow?: boolean;
  readonly tail?: number;
  readonly since?: string;
  readonly timestamps?: boolean;
}

/** `pidnap logs [names...]` */
export async function logs(
  { client, json }: CommandContext,
  names: readonly string[],
  options: LogsOptions,
): Promise<void> {
  const lines = client().logs(names, {
    ...(options.tail !== undefined && { tail: options.tail }),
    ...(options.since !== undefined && { since: parseSince(options.since) }),
    ...(options.follow && { follow: true }),
  });
  const format = linePrinter({ prefix: names.length !== 1, timestamps: options.timestamps ?? false });
  for await (const line of lines) printLine(json ? JSON.stringify(line) : format(line));
}

const palette = [colors.cyan, colors.magenta, colors.green, colors.yellow, colors.blue, colors.red];

/** Formats lines of several logs, each name in a colour of its own and padded to the longest so far. */
export function linePrinter(options: { prefix: boolean; timestamps: boolean }): (line: LogLine) => string {
  const paints = new Map<string, (text: string) => string>();
  let width = 0;
  return ({ name, time, stream, text }) => {
    const known = paints.get(name);
    const paint = known ?? palette[paints.size % palette.length] ?? colors.cyan;
    if (!known) paints.set(name, paint);
    width = Math.max(width, name.length);
    const prefix = options.prefix ? `${paint(`${name.padEnd(width)} |`)} ` : '';
    const stamp = options.timestamps && time !== null ? `${colors.dim(time)} ` : '';
    return `${prefix}${stamp}${stream === 'stderr' ? colors.red(text) : text}`;
  };
}

const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** An ISO time, or how long ago. */
export function parseSince(text: string, nowMs: number = Date.now()): string {
  const ago = /^(\d+)([smhd])$/.exec(text);
  const time = ago ? nowMs - Number(ago[1]) * unitMs[ago[2] as keyof typeof unitMs] : Date.parse(text);
  if (Number.isNaN(time)) {
    throw new PidnapError('bad-request', `"${text}" is neither an ISO time nor like 10s, 5m, 2h or 1d.`);
  }
  return new Date(time).toISOString();
}
