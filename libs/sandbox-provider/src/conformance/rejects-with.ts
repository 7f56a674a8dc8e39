import assert from 'node:assert/strict';
import { isSandboxError, type SandboxErrorCode, type SandboxErrorDetails } from '../sandbox-error.js';

/** Asserts that a promise rejects with an error of the contract, which also survives JSON. */
export async function rejectsWith<C extends SandboxErrorCode>(
  promise: Promise<unknown>,
  code: C,
  details: Partial<SandboxErrorDetails[C]> = {},
): Promise<SandboxErrorDetails[C]> {
  const outcome: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(outcome !== undefined, `expected ${code}, but the call succeeded`);
  const said = outcome instanceof Error ? `${outcome.name}: ${outcome.message}` : String(outcome);
  assert.ok(isSandboxError(outcome, code), `expected ${code}, got ${said}`);
  for (const [key, value] of Object.entries(details))
    assert.deepEqual(Reflect.get(outcome.details, key), value, `details.${key} of ${code}`);
  assert.equal(JSON.parse(JSON.stringify(outcome)).code, code);
  return outcome.details;
}
