import { dockerProvider, inspectEngine } from '@iterate/sandbox-docker';
import { findBuildCli, findCaBundle } from '@iterate/sandbox-image';
import pc from 'picocolors';
import { type NamedFinding, runChecks } from '../doctor/check.js';
import { machineChecks } from '../doctor/machine-checks.js';
import { EXIT_CODES } from '../exit-code.js';
import { portOwner } from '../host-ports.js';

const MARKS = { ok: pc.green('✔'), warn: pc.yellow('!'), fail: pc.red('✖') };

/** `sandbox doctor` @returns 1 when something fails */
export async function doctorCommand(flags: { json?: boolean }): Promise<number> {
  const engine = once(inspectEngine);
  const connect = once(() => dockerProvider.connect({}));
  const findings = await runChecks(
    machineChecks({
      engine,
      buildCli: () => findBuildCli(),
      caBundle: () => findCaBundle(),
      hasImage: async (reference) => (await connect()).images.has(reference),
      portOwner: async (port) => portOwner(await connect(), port),
    }),
  );
  await connect().then(
    (connection) => connection[Symbol.asyncDispose](),
    // No engine: the checks have said so.
    () => undefined,
  );
  process.stdout.write(
    flags.json === true ? `${JSON.stringify(findings, undefined, 2)}\n` : report(findings),
  );
  return findings.some(({ status }) => status === 'fail') ? EXIT_CODES.failed : EXIT_CODES.ok;
}

function report(findings: readonly NamedFinding[]): string {
  const lines = findings.flatMap(({ name, status, text, fix }) => [
    `${MARKS[status]} ${name.padEnd(12)} ${text}`,
    ...(fix === undefined ? [] : [`${' '.repeat(15)}${pc.dim(fix)}`]),
  ]);
  return `${lines.join('\n')}\n`;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
