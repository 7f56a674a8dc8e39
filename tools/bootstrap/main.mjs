#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createProgress } from './progress.mjs';
import { runTests } from './run-tests.mjs';
import { StepError } from './step-error.mjs';
import { ensureBaseImage } from './steps/base-image.mjs';
import { ensureBuilds } from './steps/build.mjs';
import { ensureBuildClient } from './steps/build-client.mjs';
import { ensureDependencies } from './steps/dependencies.mjs';
import { ensureEngine } from './steps/engine.mjs';
import { ensurePnpm } from './steps/pnpm.mjs';
import { ensureTestPrograms } from './steps/test-programs.mjs';

const USAGE = `usage: node tools/bootstrap/main.mjs <setup|up|test> [arguments]

  setup   make this machine ready: pnpm, dependencies, builds, Docker engine, base image
  up      set up, then "sandbox up" with the arguments
  test    set up, then run every check and test
`;
const root = fileURLToPath(new URL('../..', import.meta.url));
const [verb = '', ...rest] = process.argv.slice(2);

if (!['setup', 'up', 'test'].includes(verb)) {
  process.stderr.write(USAGE);
  process.exit(verb === '--help' || verb === 'help' ? 0 : 2);
}

try {
  await setUp(verb);
  if (verb === 'up') process.exitCode = await runSandbox(['up', ...rest]);
  if (verb === 'test') process.exitCode = await runTests(root);
} catch (error) {
  process.stderr.write(explain(error));
  process.exitCode = 1;
}

/** @param {string} verb */
async function setUp(verb) {
  const progress = createProgress(process.stderr);
  try {
    // Two lanes that need nothing of each other: the checkout's and the machine's.
    const lanes = [
      async () => {
        await progress.step('pnpm', (report) => ensurePnpm({ root, report }));
        await progress.step('dependencies', (report) => ensureDependencies({ root, report }));
        await progress.step('builds', (report) => ensureBuilds({ root, report }));
      },
      async () => {
        await progress.step('Docker engine', (report) => ensureEngine({ report }));
        await progress.step('build client', (report) => ensureBuildClient({ report }));
        await progress.step('base image', (report) => ensureBaseImage({ report }));
        if (verb === 'test') await progress.step('test programs', (report) => ensureTestPrograms({ report }));
      },
    ];
    const results = await Promise.allSettled(lanes.map((lane) => lane()));
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    if (failures.length > 0) throw new AggregateError(failures);
  } finally {
    progress.stop();
  }
}

/**
 * @param {string[]} args
 * @returns {Promise<number>} Its exit code.
 */
function runSandbox(args) {
  const child = spawn(process.execPath, [`${root}/apps/sandbox/dist/cli.js`, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  // The terminal sends Ctrl-C to both: the child cleans up, and this process waits for it.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/**
 * @param {unknown} error
 * @returns {string}
 */
function explain(error) {
  if (error instanceof AggregateError) return error.errors.map(explain).join('');
  if (!(error instanceof StepError)) return `${error instanceof Error ? error.stack : String(error)}\n`;
  const output = error.output ? `\n${error.output.replace(/^/gm, '  │ ')}\n` : '';
  return `\n✖ ${error.message}\n${output}\n  ${error.wayOut}\n`;
}
