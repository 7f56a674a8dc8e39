import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { PidnapConfig } from '../src/config/config.js';
import type { LogLine, ProcessInfo } from '../src/protocol/info.js';
import { type Manager, type StartOptions, startManager } from '../src/start-manager.js';

/** A directory of its own for one test. */
export function tempDir(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'pidnap-test-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A manager with a directory of its own; disposing ends both. */
export interface TestManager extends AsyncDisposable {
  readonly dir: string;
  readonly manager: Manager;
  process(name: string): Promise<ProcessInfo>;
  /** Waits until a process is in a state. */
  until(name: string, state: string, timeoutMs?: number): Promise<ProcessInfo>;
  /** Contents of the log of a process, without times. */
  output(name: string): string[];
}

/** Starts a manager in this process. Paths in the configuration are relative to its directory. */
export async function testManager(config: PidnapConfig, options: StartOptions = {}): Promise<TestManager> {
  const dir = tempDir();
  const manager = await startManager({
    config: { http: false, logDir: 'logs', ...config },
    baseDir: dir.path,
    processEnv: { PATH: process.env.PATH, HOME: dir.path },
    ...options,
  });
  return wrap(manager, dir);
}

/** Starts a manager from a file in a directory. */
export async function testManagerFrom(dir: ReturnType<typeof tempDir>): Promise<TestManager> {
  const manager = await startManager({
    configFile: dir.path,
    processEnv: { PATH: process.env.PATH, HOME: dir.path },
  });
  return wrap(manager, dir);
}

function wrap(manager: Manager, dir: ReturnType<typeof tempDir>): TestManager {
  const find = (name: string): Promise<ProcessInfo> => manager.processes.get(name);
  return {
    dir: dir.path,
    manager,
    process: find,
    until: (name, state, timeoutMs = 5000) =>
      eventually(async () => {
        const process = await find(name);
        expect(process.state).toBe(state);
        return process;
      }, timeoutMs),
    output: (name) => logTexts(join(dir.path, 'logs/process', `${name}.log`)),
    [Symbol.asyncDispose]: async () => {
      await manager.stop();
      dir[Symbol.dispose]();
    },
  };
}

/** The texts of a stamped log file. */
export function logTexts(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => line.replace(/^\S+ \S+ [FP] /, ''));
}

/** Repeats until it no longer throws; the last error counts when time is up. */
export async function eventually<T>(attempt: () => T | Promise<T>, timeoutMs = 5000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(10);
  }
}

/** The process id that a script writes into a file. */
export const pidIn = (path: string): Promise<number> =>
  eventually(() => {
    const pid = Number(readFileSync(path, 'utf8'));
    expect(pid).toBeGreaterThan(0);
    return pid;
  });

/** Whether a process runs; a zombie does not. */
export function isRunning(pid: number): boolean {
  return ![undefined, 'Z'].includes(processState(pid));
}

/** The letter of /proc/<pid>/stat, such as `Z` of a zombie and `T` of a stopped process; `undefined` when it is gone. */
export function processState(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat[stat.lastIndexOf(')') + 2];
  } catch {
    return undefined;
  }
}

export async function collect(lines: AsyncIterable<LogLine>): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of lines) texts.push(text);
  return texts;
}
