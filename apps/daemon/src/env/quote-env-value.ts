import { DaemonError } from '../daemon-error.js';

/**
 * Writes a value so that a dotenv parser reads back exactly the same characters.
 *
 * The dotenv format has no general escape: each quote protects everything but itself. So the first form that can
 * hold the value is taken: bare, single quotes, double quotes, backticks, and last bare with odd characters. Single
 * quotes come before double ones, since they also keep `$` and backslashes as they are when a shell sources the file.
 *
 * @throws DaemonError `env-value-unrepresentable` for the rare value no form can hold, such as one with all three
 *   kinds of quotes and a line break.
 */
export function quoteEnvValue(key: string, value: string): string {
  const form = forms.find((candidate) => candidate.holds(value));
  if (form === undefined) {
    throw new DaemonError(
      'env-value-unrepresentable',
      `The value of ${key} cannot be written to a dotenv file: it mixes all kinds of quotes with line breaks, "#" or ` +
        'a final backslash. Store it encoded, for example as base64.',
      { key },
    );
  }
  return form.write(value);
}

interface Form {
  holds(value: string): boolean;
  write(value: string): string;
}

/** Inside any quotes a final backslash would take the closing quote with it. */
const closes = (value: string): boolean => !value.endsWith('\\');

const forms: readonly Form[] = [
  { holds: (value) => /^[\w./:@%+,=-]+$/.test(value), write: (value) => value },
  { holds: (value) => !/['\r]/.test(value) && closes(value), write: (value) => `'${value}'` },
  {
    // The two characters `\n` would be read as a line break, a bare carriage return as a line feed.
    holds: (value) => !/"|\\[nr]/.test(value) && closes(value),
    write: (value) => `"${value.replaceAll('\r', '\\r')}"`,
  },
  { holds: (value) => !/[`\r]/.test(value) && closes(value), write: (value) => `\`${value}\`` },
  {
    holds: (value) => value !== '' && !/^['"`]|[#\r\n]/.test(value) && value.trim() === value,
    write: (value) => value,
  },
];
