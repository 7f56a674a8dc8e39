/**
 * The same work given to every supervisor that is installed, in one run.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { benchOptions } from '../bench-options.js';
import { allAdapters } from './adapters/all-adapters.js';
import { bars } from './bars.js';
import type { Figure, MeasureContext } from './measurement.js';
import { buildPayload } from './payload/build-payload.js';
import { table } from './report.js';
import { Scratch } from './scratch.js';
import { summary } from './summary.js';
import { allMeasurements } from './tests/all-measurements.js';

const options = benchOptions(
  `usage: pnpm --filter bench supervisors [--only pidnap,s6] [--tests idle,restart] [--runs 3] [--lines 1750000]
         [--restarts 100000] [--out results/supervisors.json]`,
  {
    only: { type: 'string' },
    tests: { type: 'string' },
    runs: { type: 'string', default: '3' },
    lines: { type: 'string', default: '1750000' },
    restarts: { type: 'string', default: '100000' },
    out: { type: 'string', default: join(import.meta.dirname, '../results/supervisors.json') },
  },
);

const adapters = select('supervisor', allAdapters, ({ name }) => name, options.only);
const measurements = select('test', allMeasurements, ({ id }) => id, options.tests);

using scratch = new Scratch();
const context: MeasureContext = {
  scratch,
  payload: await buildPayload(join(scratch.root, 'payload')),
  runs: Number(options.runs),
  lines: Number(options.lines),
  restarts: Number(options.restarts),
};

const loadBefore = load();
const figures: Figure[] = [];
const failures: string[] = [];
const setups: Record<string, { version: string; setup: string }> = {};
for (const adapter of adapters) {
  const version = await adapter.version();
  if (version === undefined) {
    console.log(`${adapter.name}: skipped, not installed: ${adapter.install}`);
    continue;
  }
  setups[adapter.name] = { version, setup: adapter.setup };
  console.log(`${adapter.name} ${version}: ${adapter.setup}`);
  for (const measurement of measurements) {
    if (measurement.pidnapOnly && adapter.name !== 'pidnap') continue;
    try {
      for (const figure of await measurement.measure(adapter, context)) {
        figures.push(figure);
        console.log(
          `  ${figure.name}: ${figure.value} ${figure.unit}${figure.detail ? ` (${figure.detail})` : ''}`,
        );
      }
    } catch (error) {
      failures.push(`${adapter.name} ${measurement.id}: ${String(error)}`);
      console.log(`  ${measurement.id}: FAILED: ${String(error)}`);
    }
  }
}

console.log(`\n${table(figures)}\n\nHow each is measured:`);
for (const { id, method } of measurements) console.log(`  ${id}: ${method}.`);
const machine = { cpus: cpus().length, model: cpus()[0]?.model, kernel: release(), node: process.version };
const methods = Object.fromEntries(measurements.map(({ id, method }) => [id, method]));
const out = resolve(options.out);
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, `${JSON.stringify({ machine, setups, methods, bars, figures, failures }, null, 2)}\n`);
for (const failure of failures) console.log(`\nFAILED: ${failure}`);
if (adapters.some(({ name }) => name === 'pidnap')) console.log(`\n${summary(figures)}`);
console.log(`\nload at the end ${load()}; at the begin ${loadBefore}; written to ${out}`);
process.exitCode = failures.length === 0 ? 0 : 1;

/** Of the last minute; above half of the CPUs, times say more about the neighbours than about the supervisors. */
function load(): string {
  return `${loadavg()[0]?.toFixed(1)} on ${cpus().length} CPUs`;
}

function select<T>(what: string, all: readonly T[], id: (item: T) => string, wanted?: string): readonly T[] {
  if (wanted === undefined) return all;
  const names = wanted.split(',');
  const unknown = names.find((name) => !all.some((item) => id(item) === name));
  if (unknown !== undefined) {
    throw new Error(`there is no ${what} "${unknown}"; there are ${all.map(id).join(', ')}`);
  }
  return all.filter((item) => names.includes(id(item)));
}
