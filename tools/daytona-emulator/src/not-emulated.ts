import { ApiError } from './api-error.js';

/** The error of a call that the service may have and the emulator has not. */
export function notEmulated(what: string): ApiError {
  return new ApiError(
    501,
    `The emulator does not have ${what}. The README of tools/daytona-emulator says what it has; the hosted service may have more.`,
  );
}

/**
 * Refuses fields of a request that would change what happens and are not emulated. What is empty or switched off
 * changes nothing.
 *
 * @throws ApiError 501
 */
export function refuseFields(body: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  for (const name of names) if (isAsked(body[name])) throw notEmulated(`"${name}" in this request`);
}

function isAsked(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '' || value === 0) return false;
  return !(Array.isArray(value) && value.length === 0);
}
