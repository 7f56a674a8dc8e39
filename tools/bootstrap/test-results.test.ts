import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { clearTestResults, type FileResult, readTestResults } from './test-results.mjs';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'test-results-'));
  for (const dir of ['libs/a', 'apps/b', 'tools', 'sandbox', 'bench'])
    mkdirSync(join(root, dir), { recursive: true });
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function report(file: string, passed: number, testResults: FileResult[] = []) {
  const result = { numPassedTests: passed, numPendingTests: 1, numTodoTests: 0, testResults };
  writeFileSync(join(root, file), JSON.stringify(result));
}

function fileResult(name: string, failedTests: string[]): FileResult {
  const failed = failedTests.map((test) => ({
    status: 'failed',
    fullName: test,
    failureMessages: ['\u001b[31mexpected 1\u001b[39m to be 2'],
  }));
  const passed = { status: 'passed', fullName: 'passes', failureMessages: [] };
  return {
    name: join(root, name),
    status: 'failed',
    message: 'no such module',
    assertionResults: [passed, ...failed],
  };
}

it('adds up the reports of all projects, unit and integration', () => {
  report('libs/a/.test-results.json', 3);
  report('apps/b/.test-results.json', 2, [fileResult('apps/b/x.test.ts', ['x breaks', 'x breaks again'])]);
  report('sandbox/.test-results.integration.json', 4);
  const { passed, skipped, failures } = readTestResults(root);
  expect({ passed, skipped, failed: failures.length }).toEqual({ passed: 9, skipped: 3, failed: 2 });
});

it('names the tests that failed, and why', () => {
  report('apps/b/.test-results.json', 2, [fileResult('apps/b/x.test.ts', ['x breaks'])]);
  expect(readTestResults(root).failures).toEqual([
    { file: 'apps/b/x.test.ts', test: 'x breaks', message: 'expected 1 to be 2' },
  ]);
});

it('counts a test file that failed outside of its tests', () => {
  report('libs/a/.test-results.json', 3, [fileResult('libs/a/y.test.ts', [])]);
  expect(readTestResults(root).failures).toEqual([
    { file: 'libs/a/y.test.ts', test: '', message: 'no such module' },
  ]);
});

it('forgets the reports of earlier runs', () => {
  report('libs/a/.test-results.json', 3);
  clearTestResults(root);
  expect(readTestResults(root)).toEqual({ passed: 0, skipped: 0, failures: [] });
});
