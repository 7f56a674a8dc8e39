import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { clearTestResults, sumTestResults } from './test-results.mjs';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'test-results-'));
  for (const dir of ['libs/a', 'apps/b', 'tools', 'sandbox', 'bench'])
    mkdirSync(join(root, dir), { recursive: true });
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function report(file: string, passed: number, failed: number, crashedFiles = 0) {
  const crashed = Array.from({ length: crashedFiles }, () => ({ status: 'failed', assertionResults: [] }));
  const result = {
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: 1,
    numTodoTests: 0,
    testResults: crashed,
  };
  writeFileSync(join(root, file), JSON.stringify(result));
}

it('adds up the reports of all projects, unit and integration', () => {
  report('libs/a/.test-results.json', 3, 0);
  report('apps/b/.test-results.json', 2, 1);
  report('sandbox/.test-results.integration.json', 4, 0);
  expect(sumTestResults(root)).toEqual({ passed: 9, failed: 1, skipped: 3 });
});

it('counts a test file that crashed before its first test', () => {
  report('libs/a/.test-results.json', 3, 0, 1);
  expect(sumTestResults(root).failed).toBe(1);
});

it('forgets the reports of earlier runs', () => {
  report('libs/a/.test-results.json', 3, 0);
  clearTestResults(root);
  expect(sumTestResults(root)).toEqual({ passed: 0, failed: 0, skipped: 0 });
});
