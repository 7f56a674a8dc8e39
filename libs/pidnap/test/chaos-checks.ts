import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allProcStats, type ProcStat, readProcFile } from '../src/process/proc-stat.js';
import type { PidnapEvent } from '../src/protocol/events.js';
import { canTransition, isAlive, type ProcessState } from '../src/protocol/process-state.js';
import type { ChaosWorld } from './chaos-world.js';

/** Live processes that descend from a chaos run, known by a variable that all inherit. */
export function descendants(world: ChaosWorld): (ProcStat & { readonly env: readonly string[] })[] {
  return allProcStats().flatMap((stat) => {
    const env = readProcFile(stat.pid, 'environ')?.split('\0') ?? [];
    return stat.state !== 'Z' && env.includes(`CHAOS_DIR=${world.dir}`) ? [{ ...stat, env }] : [];
  });
}

/** The shells that are runs of a service: one when it runs, none when it is stopped. */
export function leadersOf(world: ChaosWorld, name: string): ReturnType<typeof descendants> {
  return descendants(world).filter(
    ({ pid, pgrp, env }) =>
      pid === pgrp &&
      env.includes(`CHAOS_NAME=${name}`) &&
      // What has escaped by setsid leads a group of its own, too.
      readProcFile(pid, 'status')?.startsWith('Name:\tsh\n'),
  );
}

/** Everything wrong with a stream of events. */
export function eventFindings(events: readonly PidnapEvent[]): string[] {
  const findings: string[] = [];
  const states = new Map<string, ProcessState>();
  let previous = events[0]?.id;
  for (const event of events.slice(1)) {
    if (previous !== undefined && event.id !== previous + 1)
      findings.push(`event ${event.id} follows ${previous}`);
    previous = event.id;
  }
  for (const event of events) {
    if (event.type === 'log.dropped' || event.type === 'events.gap')
      findings.push(`event ${event.id}: ${event.type}`);
    if (event.type !== 'process.state') continue;
    const last = states.get(event.name);
    // A reload puts a new process in the place of one whose definition has changed.
    const replaced = event.from === 'idle' && last !== undefined && !isAlive(last);
    if (last !== undefined && last !== event.from && !replaced) {
      findings.push(`event ${event.id}: ${event.name} leaves ${event.from}, but was ${last}`);
    }
    if (!canTransition(event.from, event.to)) findings.push(`event ${event.id}: ${event.from} → ${event.to}`);
    states.set(event.name, event.to);
  }
  return findings;
}

/** Everything wrong with the log of a service: what its ledger says was written must be there, in order. */
export function logFindings(
  world: ChaosWorld,
  name: string,
): { findings: string[]; lines: number; files: number } {
  const findings: string[] = [];
  const files = logFiles(world, name);
  const written = new Map<string, number>();
  let lines = 0;
  let current: string | undefined;
  for (const line of files.flatMap(linesOf)) {
    const match = /^\S+ stdout F ([0-9a-f-]{36}) (\d+)$/.exec(line);
    if (!match) {
      findings.push(`${name}: torn line ${JSON.stringify(line.slice(0, 200))}`);
      continue;
    }
    const [, run = '', number = ''] = match;
    lines += 1;
    if (run !== current && written.has(run)) findings.push(`${name}: runs ${run} and ${current} interleave`);
    current = run;
    const expected = (written.get(run) ?? 0) + 1;
    if (Number(number) !== expected)
      findings.push(`${name}: run ${run} has ${number} where ${expected} is due`);
    written.set(run, Number(number));
  }
  for (const [run, count] of ledger(world, name)) {
    if ((written.get(run) ?? 0) < count) {
      findings.push(`${name}: run ${run} wrote ${count} lines, the log has ${written.get(run) ?? 0}`);
    }
  }
  return { findings, lines, files: files.length };
}

function ledger(world: ChaosWorld, name: string): Map<string, number> {
  const file = join(world.dir, `ledger.${name}`);
  if (!existsSync(file)) return new Map();
  const entries = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return new Map(
    entries.map((entry): [string, number] => {
      const [run = '', count = ''] = entry.split(' ');
      return [run, Number(count)];
    }),
  );
}

/** A last line without an end counts as a line. */
function linesOf(file: string): string[] {
  const content = readFileSync(file, 'utf8');
  return content === '' ? [] : content.replace(/\n$/, '').split('\n');
}

/** Oldest first. */
function logFiles(world: ChaosWorld, name: string): string[] {
  const directory = join(world.dir, 'logs/process');
  const numbers = readdirSync(directory)
    .filter((entry) => entry.startsWith(`${name}.log.`))
    .map((entry) => Number(entry.slice(name.length + 5)))
    .sort((a, b) => b - a);
  return [...numbers.map((number) => `${name}.log.${number}`), `${name}.log`].map((entry) =>
    join(directory, entry),
  );
}
