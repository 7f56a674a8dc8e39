/** One `KEY=value` of a dotenv file, as offsets into its text. */
export interface EnvAssignment {
  readonly key: string;
  /** Start of the first line of the assignment. */
  readonly start: number;
  /** Where the value begins, its quote included. */
  readonly valueStart: number;
  /** After the value, its closing quote included. */
  readonly valueEnd: number;
  /** After the last line of the assignment, its line break included. */
  readonly end: number;
  /** Line number of `start`, from 1. */
  readonly line: number;
}

const head = /[^\S\r\n]*(?:export[^\S\r\n]+)?([\w.-]+)[^\S\r\n]*(?:=|:(?=[^\S\r\n]))[^\S\r\n]*/y;
const restOfLine = /[^\r\n]*(?:\r\n|\r|\n|$)/y;
const bareValue = /[^#\r\n]*/y;
const afterQuote = /[^\S\r\n]*(?:#[^\r\n]*)?(?=[\r\n]|$)/y;

function matchAt(pattern: RegExp, text: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset;
  return pattern.exec(text);
}

/** Where a quoted value that begins at `offset` ends; `null` when its quote is never closed. */
function quotedEnd(text: string, offset: number): number | null {
  const quote = text.charAt(offset);
  for (let at = text.indexOf(quote, offset + 1); at !== -1; at = text.indexOf(quote, at + 1)) {
    if (text[at - 1] !== '\\' && matchAt(afterQuote, text, at + 1) !== null) return at + 1;
  }
  return null;
}

function valueEndAt(text: string, offset: number): number {
  if (/['"`]/.test(text.charAt(offset))) {
    const end = quotedEnd(text, offset);
    if (end !== null) return end;
  }
  const bare = matchAt(bareValue, text, offset)?.[0] ?? '';
  return offset + bare.trimEnd().length;
}

/** Finds every assignment of a dotenv text; comments, blank lines and anything else lie between them. */
export function findAssignments(text: string): EnvAssignment[] {
  const assignments: EnvAssignment[] = [];
  let start = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  while (start < text.length) {
    const match = matchAt(head, text, start);
    const valueStart = match === null ? start : start + match[0].length;
    const valueEnd = match === null ? start : valueEndAt(text, valueStart);
    const end = valueEnd + (matchAt(restOfLine, text, valueEnd)?.[0].length ?? 0);
    if (match?.[1] !== undefined) assignments.push({ key: match[1], start, valueStart, valueEnd, end, line });
    line += text.slice(start, end).match(/\r\n|\r|\n/g)?.length ?? 0;
    start = end;
  }
  return assignments;
}

/** What to do to a dotenv text; the values are already quoted. */
export interface EnvEdit {
  readonly set: ReadonlyMap<string, string>;
  readonly remove: ReadonlySet<string>;
}

/**
 * Applies an edit and leaves every other character as it is: comments, order, blank lines, line breaks, `export`.
 * A key that is there more than once keeps its last place, which is the one dotenv reads. New keys go to the end.
 */
export function editEnvText(text: string, edit: EnvEdit): string {
  const assignments = findAssignments(text);
  const last = new Map(assignments.map((assignment) => [assignment.key, assignment]));
  let result = '';
  let copied = 0;
  for (const assignment of assignments) {
    const quoted = edit.set.get(assignment.key);
    if (quoted === undefined && !edit.remove.has(assignment.key)) continue;
    if (quoted !== undefined && last.get(assignment.key) === assignment) {
      const comment = text[assignment.valueEnd] === '#' ? ' ' : '';
      result += text.slice(copied, assignment.valueStart) + quoted + comment;
      copied = assignment.valueEnd;
    } else {
      result += text.slice(copied, assignment.start);
      copied = assignment.end;
    }
  }
  result += text.slice(copied);

  const eol = /^[^\r\n]*\r\n/.test(text) ? '\r\n' : '\n';
  for (const [key, quoted] of edit.set) {
    if (last.has(key)) continue;
    if (result !== '' && !/[\r\n]$/.test(result)) result += eol;
    result += `${key}=${quoted}${eol}`;
  }
  return result;
}
