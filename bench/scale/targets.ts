import { spawnEmulator } from '@iterate/daytona-emulator';
import { daytonaProvider, ensureStageSnapshot } from '@iterate/sandbox-daytona';
import { dockerProvider } from '@iterate/sandbox-docker';
import type { Connection, CreateOptions, Sandbox, SandboxSpec } from '@iterate/sandbox-provider';
import { execa } from 'execa';

const IDLE = ['sleep', '3600'];

/** Where sandboxes are made. */
export interface Target extends AsyncDisposable {
  readonly connection: Pick<Connection, 'list'> & {
    create(spec: SandboxSpec, options?: CreateOptions): Promise<Sandbox>;
  };
  readonly spec: Pick<SandboxSpec, 'image' | 'command'>;
  /** How many calls were made to fail; `undefined` where none can be. */
  injected(): Promise<number | undefined>;
  /** What is still there that should be gone. */
  leftovers(labels: Readonly<Record<string, string>>): Promise<string[]>;
}

/** @param options.faults Share of the calls to the emulator that are answered with 429 or 502. */
export function openTarget(provider: string, options: { image: string; faults: number }): Promise<Target> {
  if (provider === 'docker') return openDocker(options);
  if (provider === 'daytona') return openEmulator(options);
  throw new Error(`There is no provider "${provider}": choose docker or daytona.`);
}

async function openDocker({ image }: { image: string }): Promise<Target> {
  const before = await volumes();
  const connection = await dockerProvider.connect({});
  return {
    connection,
    spec: { image, command: IDLE },
    injected: async () => undefined,
    async leftovers(labels) {
      const left = await listed(connection, labels);
      for (const [name, value] of Object.entries(labels))
        left.push(...(await lines('ps', '--all', '--quiet', '--filter', `label=${name}=${value}`)));
      const sandboxes = await lines('ps', '--all', '--quiet', '--filter', 'label=dev.iterate.sandbox');
      if (sandboxes.length === 0)
        left.push(...(await lines('network', 'ls', '--quiet', '--filter', 'label=dev.iterate.sandbox')));
      return [...left, ...(await volumes()).filter((name) => !before.includes(name))];
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

async function openEmulator({ image, faults }: { image: string; faults: number }): Promise<Target> {
  const emulator = await spawnEmulator('--step-ms', '50');
  const config = { apiUrl: emulator.env.DAYTONA_API_URL, apiKey: emulator.env.DAYTONA_API_KEY };
  const { name } = await ensureStageSnapshot(config, { stage: 'dev-bench', image, entrypoint: IDLE });
  const connection = await daytonaProvider.connect(config);
  await emulator.setFaults({ rateLimited: faults / 2, badGateway: faults / 2, retryAfterSeconds: 0.2 });
  return {
    connection,
    spec: { image: name },
    injected: async () => (await emulator.setFaults({})).injected,
    async leftovers(labels) {
      const owned = `label=dev.iterate.daytona-emulator.pid=${emulator.pid}`;
      return [
        ...(await listed(connection, labels)),
        ...(await lines('ps', '--all', '--quiet', '--filter', owned)),
      ];
    },
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]();
      await emulator[Symbol.asyncDispose]();
    },
  };
}

async function listed(
  connection: Target['connection'],
  labels: Readonly<Record<string, string>>,
): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of connection.list({ labels })) names.push(name);
  return names;
}

/** Volumes without a name of their own, as containers of images with volumes leave them. */
function volumes(): Promise<string[]> {
  return lines('volume', 'ls', '--quiet', '--filter', 'dangling=true');
}

async function lines(...args: string[]): Promise<string[]> {
  return (await execa('docker', args)).stdout.split('\n').filter(Boolean);
}
