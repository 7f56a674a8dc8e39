import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const EMULATOR = fileURLToPath(new URL('../../../tools/daytona-emulator/', import.meta.url));

/** A Daytona API to test against. */
export interface DaytonaService extends AsyncDisposable {
  readonly apiUrl: string;
  readonly apiKey: string;
  /** Sets what goes wrong; only the emulator can. */
  setFaults(faults: Record<string, unknown>): Promise<{ injected: number }>;
}

/** The service that the environment names, or an emulator of our own. */
export async function startService(...args: string[]): Promise<DaytonaService> {
  const { DAYTONA_API_URL: apiUrl, DAYTONA_API_KEY: apiKey } = process.env;
  if (apiUrl !== undefined && apiKey !== undefined)
    return {
      apiUrl,
      apiKey,
      setFaults: () => Promise.reject(new Error('Only the emulator injects faults: unset DAYTONA_API_URL.')),
      async [Symbol.asyncDispose]() {},
    };
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'src/main.ts', '--json', '--step-ms', '50', ...args],
    {
      cwd: EMULATOR,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const line = await firstLine(child);
  const address = JSON.parse(line) as { apiUrl: string; apiKey: string; faultsUrl: string };
  const headers = { Authorization: `Bearer ${address.apiKey}`, 'content-type': 'application/json' };
  return {
    apiUrl: address.apiUrl,
    apiKey: address.apiKey,
    async setFaults(faults) {
      const before = (await (await fetch(address.faultsUrl, { headers })).json()) as { injected: number };
      const response = await fetch(address.faultsUrl, {
        method: 'PUT',
        headers,
        body: JSON.stringify(faults),
      });
      if (!response.ok) throw new Error(await response.text());
      return before;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
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
