import { isUtf8 } from 'node:buffer';
import { parse } from 'dotenv';
import type { EnvValues } from './env-values.js';
import { type EnvProblem, EnvWatchError } from './env-watch-error.js';
import { scanStatements } from './scan-statements.js';

const EXPLANATIONS: Record<EnvProblem, string> = {
  'missing-equals': 'a line without "="; write KEY=value, or start the line with # if it is a comment',
  'bad-key': 'a key that is empty or has characters other than letters, digits, "_", "." and "-"',
  'unterminated-quote': 'a quote that is opened here and not closed; close it, or remove it',
  'text-after-quote': 'text after the closing quote; escape the inner quote, or start the text with #',
  'nul-character': 'a NUL character, which no environment variable can hold; remove it',
  'not-utf8': 'bytes that are not UTF-8; save the file as UTF-8',
};

/**
 * Parses dotenv content with the `dotenv` package, but refuses what `dotenv` would silently skip.
 *
 * @param content text, or the bytes of a file
 * @param file name used in the error
 * @throws {EnvWatchError} `invalid-content` with line and column, never with a value
 * @example parseEnv('A=1\nB="two words"') // { A: '1', B: 'two words' }
 */
export function parseEnv(content: string | Uint8Array, file?: string): EnvValues {
  if (typeof content !== 'string' && !isUtf8(content)) {
    const decoded = new TextDecoder().decode(content);
    throw invalid(decoded, decoded.indexOf('\uFFFD'), 'not-utf8', file);
  }
  const decoded = typeof content === 'string' ? content : new TextDecoder().decode(content);
  const text = decoded.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n');
  const { statements, problem } = scanStatements(text);
  if (problem) throw invalid(text, problem.offset, problem.problem, file);
  const values: Record<string, string> = {};
  // Statement by statement, since dotenv takes quadratic time on long runs of blank lines.
  for (const { start, end } of statements) Object.assign(values, parse(text.slice(start, end)));
  return values;
}

function invalid(text: string, offset: number, problem: EnvProblem, file: string | undefined) {
  const before = text.slice(0, offset).split('\n');
  const line = before.length;
  const column = (before.at(-1) ?? '').length + 1;
  const message = `${file ?? 'env content'}:${line}:${column} is not valid: ${EXPLANATIONS[problem]}`;
  const place = { line, column, problem };
  return new EnvWatchError('invalid-content', message, file === undefined ? place : { file, ...place });
}
