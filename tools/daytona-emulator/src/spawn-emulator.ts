import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

/** An emulator in a process of its own. Disposing it ends the process, which removes what it made. */
export interface SpawnedEmulator extends AsyncDisposable {
  /** What its clients need in their environment. */
  readonly env: { readonly DAYTONA_API_URL: string; readonly DAYTONA_API_KEY: string };
  readonly pid: number;
  /** Sets what goes wrong from now on. @returns how many calls were hit before */
  setFaults(faults: Record<string, unknown>): Promise<{ injected: number }>;
}

/** Starts an emulator. @param args Options of its command line. */
export async function spawnEmulator(...args: string[]): Promise<SpawnedEmulator> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', '--json', ...args], {
    cwd: PACKAGE,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { apiUrl, apiKey, faultsUrl } = JSON.parse(await firstLine(child)) as Record<string, string>;
  if (apiUrl === undefined || apiKey === undefined || faultsUrl === undefined || child.pid === undefined)
    throw new Error('the emulator did not tell its address');
  const headers = { Authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  return {
    env: { DAYTONA_API_URL: apiUrl, DAYTONA_API_KEY: apiKey },
    pid: child.pid,
    async setFaults(faults) {
      const before = (await (await fetch(faultsUrl, { headers })).json()) as { injected: number };
      const response = await fetch(faultsUrl, { method: 'PUT', headers, body: JSON.stringify(faults) });
      if (!response.ok) throw new Error(await response.text());
      return before;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

async function firstLine({ stdout, pid }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('the emulator has no output');
  for await (const line of createInterface({ input: stdout })) return line;
  throw new Error(`the emulator (pid ${pid}) ended before it listened`);
}
