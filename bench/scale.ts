/**
 * Many sandboxes in a short time: each is created, runs a command and is destroyed, a few at a time. On Daytona's
 * emulator a share of the calls is answered with 429 or 502 on purpose.
 *
 * Bars: no failure reaches the caller, nothing is left over, and the driver's memory does not grow.
 */
import { randomUUID } from 'node:crypto';
import { loadavg } from 'node:os';
import { benchOptions } from './bench-options.js';
import { Memory } from './scale/memory.js';
import { eachOf } from './scale/pool.js';
import { openTarget } from './scale/targets.js';
import { Times } from './scale/times.js';

const options = benchOptions(
  `usage: pnpm --filter bench run scale [--provider docker|daytona] [--count 200] [--concurrency 8] [--together]
         [--faults 0.05] [--image iterate-sandbox-base:local]`,
  {
    provider: { type: 'string', default: 'docker' },
    count: { type: 'string', default: '200' },
    concurrency: { type: 'string', default: '8' },
    // All exist at the same time, instead of as many as are worked on.
    together: { type: 'boolean', default: false },
    faults: { type: 'string', default: '0.05' },
    image: { type: 'string', default: 'iterate-sandbox-base:local' },
  },
);
const count = Number(options.count);
const concurrency = Number(options.concurrency);
const labels = { 'bench-scale': randomUUID() };
const print = (text: string) => process.stdout.write(`${text}\n`);

print(`${options.provider}: ${count} sandboxes, ${concurrency} at a time, load ${loadavg()[0]?.toFixed(1)}`);
const target = await openTarget(options.provider, { image: options.image, faults: Number(options.faults) });
const failures: unknown[] = [];
const times = new Times();
const memory = new Memory();
const startedAt = performance.now();
try {
  const { connection, spec } = target;
  let done = 0;
  const note = async () => {
    done += 1;
    if (done % Math.max(1, Math.floor(count / 4)) === 0)
      print(`${String(done).padStart(5)}  ${await memory.read()}`);
  };
  const create = () => times.of('create', () => connection.create({ ...spec, labels }));
  const use = (box: Awaited<ReturnType<typeof create>>, at: number) =>
    times.of('exec', async () => {
      const { stdout } = (await box.exec(['echo', `sandbox ${at}`])).orThrow();
      if (stdout !== `sandbox ${at}\n`) throw new Error(`sandbox ${at} printed ${JSON.stringify(stdout)}`);
    });
  const destroy = (box: Awaited<ReturnType<typeof create>>) => times.of('destroy', () => box.destroy());

  const numbers = Array.from({ length: count }, (_, at) => at);
  if (options.together) {
    const boxes = await eachOf(numbers, concurrency, failures, async (at) => {
      const box = await create();
      await use(box, at);
      await note();
      return box;
    });
    done = 0;
    print('destroying');
    await eachOf(boxes, concurrency, failures, async (box) => {
      await destroy(box);
      await note();
    });
  } else {
    await eachOf(numbers, concurrency, failures, async (at) => {
      const box = await create();
      try {
        await use(box, at);
      } finally {
        await destroy(box);
      }
      await note();
    });
  }
  const seconds = (performance.now() - startedAt) / 1000;
  print(`\n${times.report()}\nall in ${seconds.toFixed(1)} s, ${(count / seconds).toFixed(1)} sandboxes/s`);
  const injected = await target.injected();
  if (injected !== undefined) print(`${injected} calls were answered with 429 or 502`);
  const left = await target.leftovers(labels);
  for (const error of failures) print(`failed: ${error instanceof Error ? error.stack : String(error)}`);
  const met = [
    ['no failure visible to the caller', failures.length === 0],
    ['nothing left over', left.length === 0],
    [`memory flat (${memory.growth()})`, memory.isFlat()],
  ] as const;
  for (const name of left) print(`left over: ${name}`);
  for (const [bar, isMet] of met) print(`${isMet ? '✔' : '✖'} ${bar}`);
  process.exitCode = met.every(([, isMet]) => isMet) ? 0 : 1;
} finally {
  await target[Symbol.asyncDispose]();
}
