import { randomUUID } from 'node:crypto';
import { capabilityChecks } from './conformance/capability-checks.js';
import { posixCommands } from './conformance/commands.js';
import { fileChecks } from './conformance/file-checks.js';
import { lifecycleChecks } from './conformance/lifecycle-checks.js';
import { listingChecks } from './conformance/listing-checks.js';
import { networkChecks } from './conformance/network-checks.js';
import { processChecks } from './conformance/process-checks.js';
import type { CheckContext, ConformanceCheck, ConformanceTarget } from './conformance/target.js';
import type { Connection, SpecFor } from './connection.js';
import type { Sandbox } from './sandbox.js';

export { type ConformanceCommands, posixCommands } from './conformance/commands.js';
export type { ConformanceTarget } from './conformance/target.js';

/** The part of a test runner that the suite needs: vitest, jest and node:test have it. */
export interface TestRunner {
  describe(name: string, define: () => void): void;
  it(name: string, run: () => Promise<void>, timeoutMs?: number): void;
  beforeAll(run: () => Promise<void>, timeoutMs?: number): void;
  afterAll(run: () => Promise<void>, timeoutMs?: number): void;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const SHARED_PORT = 8080;

const groups: ReadonlyArray<readonly [name: string, checks: readonly ConformanceCheck[]]> = [
  ['lifecycle', lifecycleChecks],
  ['processes', processChecks],
  ['files', fileChecks],
  ['network, logs and waiting', networkChecks],
  ['listing', listingChecks],
  ['capabilities', capabilityChecks],
];

/**
 * Declares the conformance suite of a provider: the promises of the contract, each as a test. A capability
 * that is declared is tried; one that is not must be refused.
 *
 * @example
 * import { afterAll, beforeAll, describe, it } from 'vitest';
 * testProvider({ provider, config: {}, image: 'debian', missingImage: 'none' }, { afterAll, beforeAll, describe, it });
 */
export function testProvider<Name extends string, ConfigInput, ExtraInput>(
  target: ConformanceTarget<Name, ConfigInput, ExtraInput>,
  { describe, it, beforeAll, afterAll }: TestRunner,
): void {
  const timeoutMs = target.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const { capabilities, name } = target.provider;
  const applies = ({ capability, undeclared = false }: ConformanceCheck) =>
    capability === undefined || capabilities[capability] !== undeclared;

  describe(`conformance of ${name}`, () => {
    let run: ConformanceRun | undefined;
    beforeAll(async () => {
      run = await startRun(target as unknown as ConformanceTarget);
    }, timeoutMs);
    afterAll(async () => run?.end(), timeoutMs);

    for (const [group, checks] of groups) {
      describe(group, () => {
        for (const check of checks.filter(applies)) it(check.name, async () => run?.check(check), timeoutMs);
      });
    }
  });
}

/** One run of the suite: a connection and a sandbox that checks share. */
interface ConformanceRun {
  check(check: ConformanceCheck): Promise<void>;
  end(): Promise<void>;
}

async function startRun(target: ConformanceTarget): Promise<ConformanceRun> {
  const connection = await target.provider.connect(target.config);
  const commands = { ...posixCommands, ...target.commands };
  const runLabel = { 'conformance-run': randomUUID() };
  const spec = (changes: Partial<SpecFor<string, unknown>> = {}): SpecFor<string, unknown> => ({
    image: target.image,
    command: [...commands.idle],
    ...(target.extra === undefined ? {} : { provider: { [target.provider.name]: target.extra } }),
    ...changes,
    labels: { ...runLabel, ...changes.labels },
  });
  const shared = await connection.create(spec({ ports: [SHARED_PORT] }));

  return {
    async check(check) {
      const mine: Sandbox[] = [];
      const connections: Connection[] = [];
      const context: CheckContext = {
        connection,
        commands,
        target,
        shared,
        runLabel,
        spec,
        async create(changes) {
          const sandbox = await connection.create(spec(changes));
          mine.push(sandbox);
          return sandbox;
        },
        async connect() {
          const other = await target.provider.connect(target.config);
          connections.push(other);
          return other;
        },
      };
      try {
        await check.run(context);
      } finally {
        await Promise.all(mine.map((sandbox) => sandbox.destroy()));
        await Promise.all(connections.map((other) => other[Symbol.asyncDispose]()));
      }
    },
    async end() {
      // Also what a check left behind when it failed half way.
      for await (const { id } of connection.list({ labels: runLabel }))
        await (await connection.get(id)).destroy();
      await connection[Symbol.asyncDispose]();
    },
  };
}
