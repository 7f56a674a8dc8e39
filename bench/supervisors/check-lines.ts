import { createReadStream } from 'node:fs';

/** What became of numbered lines on their way into log files. */
export interface LineCheck {
  readonly whole: number;
  readonly lost: number;
  /** Lines that are not exactly one written line, after whatever stamp stands before it. */
  readonly torn: number;
  readonly duplicate: number;
  readonly reordered: number;
}

/** Reads the files in order and accounts for each of the lines 0 to `lines - 1` of `length` bytes. */
export async function checkLines(
  files: readonly string[],
  lines: number,
  length: number,
): Promise<LineCheck> {
  const seen = new Uint8Array(lines);
  const counts = { whole: 0, torn: 0, duplicate: 0, reordered: 0 };
  let previous = -1;
  for (const file of files) {
    for await (const line of linesOf(file)) {
      const number = numberOf(line, length);
      if (number === undefined || number >= lines) counts.torn += 1;
      else if (seen[number] === 1) counts.duplicate += 1;
      else {
        seen[number] = 1;
        counts.whole += 1;
        if (number < previous) counts.reordered += 1;
        previous = number;
      }
    }
  }
  return { ...counts, lost: lines - counts.whole };
}

const HEAD = /^SEQ\d{9} x+$/;

/** The number of a flood's line that ends here whole, wherever it begins. */
function numberOf(line: string, length: number): number | undefined {
  const body = line.slice(line.indexOf('SEQ'));
  if (body.length !== length - 1 || !HEAD.test(body)) return undefined;
  return Number(body.slice(3, 12));
}

async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(file, { encoding: 'latin1', highWaterMark: 4_194_304 })) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  if (rest !== '') yield rest;
}
