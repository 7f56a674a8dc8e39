import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { PidnapConfig } from 'pidnap';
import { createClient, type PidnapApi } from 'pidnap/client';
import { unusedPort } from './test-daemon.js';

/** A pidnap manager in a process of its own, as in a sandbox. */
export interface RealPidnap extends AsyncDisposable {
  readonly url: string;
  readonly client: PidnapApi;
  /** The id of a service's process. */
  pid(service: string): Promise<number>;
  /** Ends the manager and everything it runs. */
  stop(): Promise<void>;
}

/** Starts pidnap with this configuration. @param port @default a free one */
export async function startRealPidnap(config: PidnapConfig, port?: number): Promise<RealPidnap> {
  const directory = await mkdtemp(join(tmpdir(), 'daemon-pidnap-'));
  const actualPort = port ?? (await unusedPort());
  const configFile = join(directory, 'pidnap.config.json');
  await writeFile(
    configFile,
    JSON.stringify({ ...config, logDir: join(directory, 'logs'), http: { port: actualPort } }),
  );
  const cli = join(dirname(createRequire(import.meta.url).resolve('pidnap/package.json')), 'dist/cli.js');
  if (!existsSync(cli)) throw new Error(`${cli} is missing: run "pnpm build" in libs/pidnap first.`);
  const child = spawn(process.execPath, [cli, 'init', '--config', configFile], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const url = `http://127.0.0.1:${actualPort}`;
  const client = createClient({ url });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  const dispose = async (): Promise<void> => {
    await stop();
    await rm(directory, { recursive: true, force: true });
  };
  const deadline = Date.now() + 30_000;
  while (
    !(await client.status().then(
      () => true,
      () => false,
    ))
  ) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await dispose();
      throw new Error(`pidnap did not start:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const pid = async (service: string): Promise<number> => {
    const { pid: found } = await client.processes.get(service);
    if (found === null) throw new Error(`${service} does not run.`);
    return found;
  };
  return { url, client, pid, stop, [Symbol.asyncDispose]: dispose };
}
