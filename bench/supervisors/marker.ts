import { readFileSync } from 'node:fs';

/** One start of a service, in its own words. */
export interface Start {
  readonly pid: number;
  /** CLOCK_MONOTONIC, the clock of `process.hrtime.bigint()`. */
  readonly atNs: bigint;
}

/** The starts that a service noted in its marker file, oldest first. */
export function readStarts(marker: string): Start[] {
  return readLines(marker).map((line) => {
    const [pid, at] = line.split(' ');
    return { pid: Number(pid), atNs: BigInt(at ?? 0) };
  });
}

/** When a flood noted a word, in ns; undefined while it has not. */
export function readNote(marker: string, word: string): bigint | undefined {
  const line = readLines(marker).find((candidate) => candidate.startsWith(`${word} `));
  return line === undefined ? undefined : BigInt(line.slice(word.length + 1));
}

/** A line counts once it is written to its end. */
function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}
