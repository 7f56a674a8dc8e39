import type { EnvProblem } from './env-watch-error.js';

/** One `KEY=value` of a dotenv text: its key and the half-open range of the text that holds it. */
export interface EnvStatement {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** The first thing in a dotenv text that is not a statement, a comment or a blank line. */
export interface ScanProblem {
  readonly problem: EnvProblem;
  readonly offset: number;
}

const PREFIX = /[ \t]*(?:export[ \t]+)?/y;
const KEY = /[\w.-]+/y;
const ASSIGN = /[ \t]*=[ \t]*|:[ \t]+/y;
const LINE_END = /[ \t]*(?:#[^\n]*)?(?:\n|$)/y;
const QUOTES = new Set(['"', "'", '`']);

/**
 * Finds the statements of a dotenv text, and the first broken place. dotenv itself skips what it does not
 * understand, which turns a typing mistake into a missing key; here it is named instead.
 * Expects `\n` line ends.
 */
export function scanStatements(text: string): { statements: EnvStatement[]; problem?: ScanProblem } {
  const statements: EnvStatement[] = [];
  const stop = (problem: EnvProblem, offset: number) => ({ statements, problem: { problem, offset } });
  let position = 0;
  while (position < text.length) {
    const blankEnd = matchEnd(LINE_END, text, position);
    if (blankEnd !== undefined) {
      position = blankEnd;
      continue;
    }
    const start = matchEnd(PREFIX, text, position) ?? position;
    const keyEnd = matchEnd(KEY, text, start) ?? start;
    const valueStart = matchEnd(ASSIGN, text, keyEnd);
    if (valueStart === undefined) {
      return stop(lineHasAssignment(text, start) ? 'bad-key' : 'missing-equals', start);
    }
    const key = text.slice(start, keyEnd);
    // A `__proto__` key cannot be told from a prototype once it is in an object.
    if (key === '' || key === '__proto__') return stop('bad-key', start);
    const value = scanValue(text, valueStart);
    if ('problem' in value) return stop(value.problem, value.offset);
    const nul = text.slice(valueStart, value.end).indexOf('\0');
    if (nul !== -1) return stop('nul-character', valueStart + nul);
    statements.push({ key, start, end: value.end });
    position = value.end;
  }
  return { statements };
}

function scanValue(text: string, start: number): { end: number } | ScanProblem {
  const quote = text[start];
  if (quote === undefined || !QUOTES.has(quote)) return { end: endOfLine(text, start) };
  let lastEscapedEnd: number | undefined;
  for (let i = start + 1; i < text.length; i += 1) {
    if (text[i] === '\\' && text[i + 1] === quote) {
      i += 1;
      // `"C:\dir\"` ends in a backslash: an escaped quote closes when no later quote does. One inside the
      // comment after another ends at the same place; looking again would make long lines quadratic.
      if (i < (lastEscapedEnd ?? 0)) continue;
      lastEscapedEnd = matchEnd(LINE_END, text, i + 1) ?? lastEscapedEnd;
    } else if (text[i] === quote) {
      const end = matchEnd(LINE_END, text, i + 1);
      if (end !== undefined) return { end };
      if (lastEscapedEnd !== undefined) return { end: lastEscapedEnd };
      const sameLine = !text.slice(start, i).includes('\n');
      return sameLine
        ? { problem: 'text-after-quote', offset: i + 1 }
        : { problem: 'unterminated-quote', offset: start };
    }
  }
  if (lastEscapedEnd !== undefined) return { end: lastEscapedEnd };
  return { problem: 'unterminated-quote', offset: start };
}

function lineHasAssignment(text: string, start: number): boolean {
  return text.slice(start, endOfLine(text, start)).includes('=');
}

function endOfLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline === -1 ? text.length : newline;
}

function matchEnd(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
