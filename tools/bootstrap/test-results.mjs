import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const RESULT_FILE = /^\.test-results(\.[a-z]+)?\.json$/;
const FOLDERS = ['libs', 'apps', 'tools'];
const PROJECTS = ['sandbox', 'bench'];

/**
 * @typedef {{ file: string, test: string, message: string }} TestFailure
 *   `file` is relative to the root, `message` without colours; `test` is empty when the file failed outside of a test.
 * @typedef {{ status: string, fullName: string, failureMessages: string[] }} AssertionResult
 * @typedef {{ name: string, status: string, message: string, assertionResults: AssertionResult[] }} FileResult
 */

/**
 * Adds up what the test runs of all projects reported.
 *
 * @param {string} root
 * @returns {{ passed: number, skipped: number, failures: TestFailure[] }} A file that failed outside of its tests is one failure.
 */
export function readTestResults(root) {
  let passed = 0;
  let skipped = 0;
  /** @type {TestFailure[]} */
  const failures = [];
  for (const reportFile of resultFiles(root)) {
    const report = JSON.parse(readFileSync(reportFile, 'utf8'));
    passed += report.numPassedTests;
    skipped += report.numPendingTests + report.numTodoTests;
    for (const result of report.testResults) failures.push(...failuresOf(root, result));
  }
  return { passed, skipped, failures };
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

/**
 * @param {string} root
 * @param {FileResult} result
 * @returns {TestFailure[]}
 */
function failuresOf(root, { name, status, message, assertionResults }) {
  if (status !== 'failed') return [];
  const file = relative(root, name);
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0) return [{ file, test: '', message: stripVTControlCharacters(message) }];
  return failed.map((test) => ({
    file,
    test: test.fullName,
    message: stripVTControlCharacters(test.failureMessages.join('\n')),
  }));
}
