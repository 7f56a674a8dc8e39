import { findBuildCli, findCaBundle } from '@iterate/sandbox-image';
import pc from 'picocolors';
import { configuredProviders, connectProvider, type SandboxConnection } from '../connect-provider.js';
import { type Check, type NamedFinding, runChecks } from '../doctor/check.js';
import { daytonaChecks } from '../doctor/daytona-checks.js';
import { commonChecks, machineChecks } from '../doctor/machine-checks.js';
import { EXIT_CODES } from '../exit-code.js';
import { portOwner } from '../host-ports.js';
import type { ProviderName } from '../provider-name.js';

const MARKS = { ok: pc.green('✔'), warn: pc.yellow('!'), fail: pc.red('✖') };

/**
 * `sandbox doctor`: what one provider needs, or this machine and every provider that is set up.
 *
 * @returns 1 when something fails
 */
export async function doctorCommand(
  provider: ProviderName | undefined,
  flags: { json?: boolean },
): Promise<number> {
  const connect = once(() => connectProvider('docker'));
  const remote = provider ?? ((await configuredProviders()).includes('daytona') ? 'daytona' : undefined);
  const checks: Check[] = provider === 'daytona' ? commonChecks() : engineChecks(connect);
  if (remote === 'daytona') checks.push(...daytonaChecks({ reach: reachDaytona }));
  const findings = await runChecks(checks);
  if (provider !== 'daytona')
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

function engineChecks(connect: () => Promise<SandboxConnection>): Check[] {
  return machineChecks({
    engine: once(async () => (await import('@iterate/sandbox-docker')).inspectEngine()),
    buildCli: () => findBuildCli(),
    caBundle: () => findCaBundle(),
    hasImage: async (reference) => (await connect()).images.has(reference),
    portOwner: async (port) => portOwner(await connect(), port),
  });
}

async function reachDaytona(): Promise<number> {
  const startedAt = performance.now();
  await using _ = await connectProvider('daytona');
  return performance.now() - startedAt;
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
