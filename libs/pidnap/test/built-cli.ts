import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { PidnapConfig } from '../src/config/config.js';
import { eventually } from './test-manager.js';

/** The built program, which is what users get. */
export const cli: string = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
if (!existsSync(cli)) throw new Error(`${cli} does not exist: run "pnpm build" first.`);

export interface Finished {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  readonly finished: Promise<Finished>;
}

const plainEnv = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', NO_COLOR: '1' };

/** Starts the CLI. */
export function startCli(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Running {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: options.cwd ?? '/',
    env: { ...plainEnv, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      out[name] += chunk;
    });
  }
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...out }));
  });
  return { child, pid: child.pid ?? 0, stdout: () => out.stdout, stderr: () => out.stderr, finished };
}

/** Runs the CLI to its end. */
export function runCli(args: readonly string[], options?: Parameters<typeof startCli>[1]): Promise<Finished> {
  return startCli(args, options).finished;
}

/** A manager started by `pidnap init` in a directory, its API on a socket in it. */
export interface InitManager extends AsyncDisposable {
  readonly running: Running;
  /** Runs another command of the CLI against it. */
  cli(...args: string[]): Promise<Finished>;
}

export async function initManager(
  dir: string,
  config: PidnapConfig,
  args: readonly string[] = [],
): Promise<InitManager> {
  const file = join(dir, 'pidnap.config.json');
  writeFileSync(file, JSON.stringify({ http: { socket: 'api' }, logDir: 'logs', ...config }));
  const running = startCli(['init', '--config', file, ...args], { cwd: dir });
  const env = { PIDNAP_SOCKET: join(dir, 'api') };
  await eventually(() => {
    if (running.child.exitCode !== null) return;
    expect(existsSync(env.PIDNAP_SOCKET) || config.http === false).toBe(true);
  });
  return {
    running,
    cli: (...words) => runCli(words, { cwd: dir, env }),
    [Symbol.asyncDispose]: async () => {
      if (running.child.exitCode === null && running.child.signalCode === null) running.child.kill('SIGTERM');
      await running.finished;
    },
  };
}
