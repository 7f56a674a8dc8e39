import { spawn } from 'node:child_process';
import { clearTestResults, readTestResults } from './test-results.mjs';

const RUN_MANY = ['nx', 'run-many', '--output-style=stream', '--nxBail=false'];

/** @type {[title: string, args: string[]][]} */
const STAGES = [
  ['lint and format', ['biome', 'check', '--error-on-warnings', '.']],
  ['types and packages', [...RUN_MANY, '-t', 'typecheck', 'publint']],
  ['unused code', ['knip']],
  ['unit tests', [...RUN_MANY, '-t', 'test', '--parallel=2']],
  // They share one engine: one after the other.
  ['integration tests', [...RUN_MANY, '-t', 'integration', 'integration-emulator', '--parallel=1']],
];

/** Lines of a failure's message that are shown again at the end: what was expected, and where. */
const MESSAGE_LINES = 12;

/**
 * Runs every check and test, all of them even when one fails, and closes with what failed and
 * the sum of the tests.
 *
 * @param {string} root
 * @returns {Promise<number>} The exit code: 0 when everything passed.
 */
export async function runTests(root) {
  clearTestResults(root);
  /** @type {string[]} */
  const broken = [];
  for (const [title, args] of STAGES) {
    process.stdout.write(`\n── ${title}\n`);
    const startedAt = performance.now();
    if ((await run(root, args)) !== 0) broken.push(title);
    process.stdout.write(`── ${title}: ${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`);
  }
  const { passed, skipped, failures } = readTestResults(root);
  for (const failure of failures) process.stdout.write(describeFailure(failure));
  if (broken.length > 0) process.stdout.write(`\n✖ failed: ${broken.join(', ')}\n`);
  process.stdout.write(
    `\n${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
  );
  return broken.length === 0 && failures.length === 0 && passed > 0 ? 0 : 1;
}

/** @param {import('./test-results.mjs').TestFailure} failure */
function describeFailure({ file, test, message }) {
  const lines = message.trimEnd().split('\n').slice(0, MESSAGE_LINES);
  const title = test === '' ? file : `${file} > ${test}`;
  return `\n✖ ${title}\n${lines.map((line) => `    ${line}\n`).join('')}`;
}

/**
 * @param {string} root
 * @param {string[]} args
 * @returns {Promise<number>}
 */
function run(root, args) {
  const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' };
  const child = spawn('pnpm', ['exec', ...args], { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
