import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createClient } from '../src/client/create-client.js';
import { allProcStats } from '../src/process/proc-stat.js';
import type { PidnapEvent } from '../src/protocol/events.js';
import { startCli } from './built-cli.js';
import { ChaosActions } from './chaos-actions.js';
import { descendants, eventFindings, leadersOf, logFindings } from './chaos-checks.js';
import { ChaosRandom } from './chaos-random.js';
import { ChaosWorld } from './chaos-world.js';
import { eventually } from './test-manager.js';

const SEED = Number(process.env.CHAOS_SEED ?? 20_261_123);
const DURATION_MS = Number(process.env.CHAOS_SECONDS ?? 60) * 1000;
const SERVICES = 20;

it(`keeps every promise through chaos (seed ${SEED})`, { timeout: DURATION_MS + 120_000 }, async () => {
  using world = new ChaosWorld(SERVICES);
  const manager = startCli(['init', '--quiet', '--config', world.configFile], { cwd: world.dir });
  try {
    const client = createClient({ socketPath: world.socketPath });
    await eventually(() => client.status(), 20_000);
    const events: PidnapEvent[] = [];
    // The stream ends with an error when the manager does.
    const listening = (async () => {
      for await (const event of client.events({ cursor: 0 })) events.push(event);
    })().catch((error: unknown) => error);

    const actions = new ChaosActions(world, new ChaosRandom(SEED));
    await actions.run(DURATION_MS);

    world.writeAtomically(world.globalEnvFile, 'GLOBAL=final\n');
    for (const { name, ownEnvFile } of world.services) {
      if (ownEnvFile) world.writeAtomically(world.ownEnvFile(name), 'OWN=final\n');
    }
    world.writeConfig();
    await client.reload();
    await eventually(async () => expect(await unsettled(world)).toEqual([]), 60_000);
    const { cursor } = await client.status();
    await eventually(() => expect(events.at(-1)?.id).toBeGreaterThanOrEqual(cursor), 10_000);

    expect(duplicates(world)).toBe('');
    expect(zombiesOf(manager.pid)).toEqual([]);
    expect(events[0]?.id).toBe(1);
    expect(eventFindings(events)).toEqual([]);

    manager.child.kill('SIGTERM');
    expect(await manager.finished).toMatchObject({ code: 0, stderr: '' });
    await listening;
    expect(descendants(world)).toEqual([]);

    const logs = world.services.map(({ name }) => logFindings(world, name));
    expect(logs.flatMap(({ findings }) => findings)).toEqual([]);
    const total = (key: 'lines' | 'files'): number => logs.reduce((sum, log) => sum + log[key], 0);
    // Chaos that did not happen proves nothing.
    expect(total('lines')).toBeGreaterThan(DURATION_MS / 2);
    expect(total('files')).toBeGreaterThan(SERVICES);
    expect([...actions.counts.keys()].sort()).toEqual([
      'badReload',
      'crash',
      'env',
      'escape',
      'flood',
      'kill',
      'ownEnv',
      'reload',
      'restart',
      'start',
      'stop',
    ]);
    console.log(
      `${events.length} events, ${total('lines')} lines in ${total('files')} files`,
      actions.counts,
    );
  } finally {
    manager.child.kill('SIGKILL');
    await manager.finished;
    await eventually(() => expect(descendants(world)).toEqual([]), 10_000);
  }
});

/** What differs between what was asked for and what is; empty when all has settled. */
async function unsettled(world: ChaosWorld): Promise<string[]> {
  const client = createClient({ socketPath: world.socketPath });
  const findings: string[] = [];
  for (const info of await client.processes.list()) {
    const service = world.services.find(({ name }) => name === info.name);
    if (!service) throw new Error(`a process that nobody configured: ${info.name}`);
    const { name, wanted } = service;
    if (info.desired !== wanted) findings.push(`${name}: desired ${info.desired}, asked for ${wanted}`);
    if (info.logDroppedBytes > 0) findings.push(`${name}: dropped ${info.logDroppedBytes} bytes`);
    const leaders = leadersOf(world, name);
    const pids = leaders.map(({ pid }) => pid);
    const expected =
      wanted === 'running' ? { state: 'ready', pids: [info.pid] } : { state: 'stopped', pids: [] };
    if (info.state !== expected.state) findings.push(`${name}: ${info.state} instead of ${expected.state}`);
    if (pids.join() !== expected.pids.join()) findings.push(`${name}: leaders ${pids}, pid ${info.pid}`);
    const variables = [
      `REVISION=${service.revision}`,
      ...(service.reloadDelay === false ? [] : ['GLOBAL=final']),
      ...(service.reloadDelay === false || !service.ownEnvFile ? [] : ['OWN=final']),
    ];
    for (const leader of leaders) {
      for (const variable of variables) {
        if (!leader.env.includes(variable)) findings.push(`${name}: runs without ${variable}`);
      }
    }
  }
  return findings;
}

function duplicates(world: ChaosWorld): string {
  const file = join(world.dir, 'duplicates');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function zombiesOf(parent: number): number[] {
  return allProcStats().flatMap(({ pid, ppid, state }) => (ppid === parent && state === 'Z' ? [pid] : []));
}
