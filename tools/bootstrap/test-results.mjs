import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const RESULT_FILE = /^\.test-results(\.[a-z]+)?\.json$/;
const FOLDERS = ['libs', 'apps', 'tools'];
const PROJECTS = ['sandbox', 'bench'];

/**
 * Adds up what the test runs of all projects reported.
 *
 * @param {string} root
 * @returns {{ passed: number, failed: number, skipped: number }} A file that failed before its first test counts as one failure.
 */
export function sumTestResults(root) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const file of resultFiles(root)) {
    const result = JSON.parse(readFileSync(file, 'utf8'));
    total.passed += result.numPassedTests;
    total.failed += result.numFailedTests + emptyFailures(result);
    total.skipped += result.numPendingTests + result.numTodoTests;
  }
  return total;
}

/** Removes the reports of earlier runs, so that only this run's are added up. @param {string} root */
export function clearTestResults(root) {
  for (const file of resultFiles(root)) rmSync(file);
}

/** @param {string} root */
function resultFiles(root) {
  const projects = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(root, folder, entry.name)),
  );
  return [...projects, ...PROJECTS.map((name) => join(root, name))].flatMap((dir) =>
    readdirSync(dir)
      .filter((name) => RESULT_FILE.test(name))
      .map((name) => join(dir, name)),
  );
}

/** @param {{ testResults: { status: string, assertionResults: { status: string }[] }[] }} result */
function emptyFailures(result) {
  return result.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
}
