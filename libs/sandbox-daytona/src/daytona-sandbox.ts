import {
  type ByteStream,
  type DriverProcess,
  type DriverSandbox,
  type Endpoint,
  isSandboxError,
  type LogLine,
  type LogOptions,
  SandboxError,
  type SandboxInfo,
  type SpawnOptions,
} from '@iterate/sandbox-provider';
import { getArchive, putArchive } from './archive.js';
import { type CallContext, guarded } from './daytona-error.js';
import type { SandboxFacts } from './daytona-sdk.js';
import { toSandboxInfo } from './daytona-state.js';
import { httpFailure } from './http-failure.js';
import { type Inside, isMissing, notStarted } from './inside.js';
import { endMainProcess, mainProcessLog, mainProcessState, startMainProcess } from './main-process.js';
import { withRetry } from './retry.js';
import { checkCallerLabels, memoryOf } from './sandbox-labels.js';
import { SnapshotClient } from './snapshot-client.js';
import { checkSnapshotName } from './snapshot-rules.js';
import { spawnProcess } from './spawn-process.js';
import { spawnTerminal } from './spawn-terminal.js';
import { waitUntil } from './wait-until.js';

const START_TIMEOUT_MS = 5 * 60_000;
/** Time that the service gets to stop a sandbox, beyond what its main process gets. */
const STOP_TIMEOUT_MS = 2 * 60_000;
const DESTROY_TIMEOUT_MS = 2 * 60_000;
const SNAPSHOT_TIMEOUT_MS = 15 * 60_000;
const MINUTE_MS = 60_000;
/** Either carries the token of a preview. */
const TOKEN_HEADER = 'x-daytona-preview-token';
const TOKEN_PARAMETER = 'DAYTONA_SANDBOX_AUTH_KEY';

/** One Daytona sandbox as a {@link DriverSandbox}. */
export class DaytonaSandbox implements DriverSandbox {
  readonly id: string;
  readonly #inside: Inside;
  #owner: Promise<{ uid: number; gid: number }> | undefined;

  constructor(inside: Inside) {
    this.id = inside.id;
    this.#inside = inside;
  }

  /** Promise of the SDK's `Sandbox`. */
  get native(): unknown {
    return this.#inside.handle();
  }

  async info(): Promise<SandboxInfo> {
    return describe(this.#inside, await this.#inside.dto());
  }

  async start({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    let asked = false;
    const dto = await waitUntil('starting the sandbox', { timeoutMs: START_TIMEOUT_MS, signal }, async () => {
      const now = await this.#inside.dto();
      const { state = 'unknown', errorReason } = now;
      if (state === 'started') return now;
      if (state === 'error' || state === 'build_failed')
        throw new SandboxError('ProviderError', `The sandbox cannot start: ${errorReason ?? state}`, {
          provider: 'daytona',
          retryable: false,
        });
      if (!asked && (state === 'stopped' || state === 'archived' || state === 'paused')) {
        await this.#ask('start', () => this.#inside.sdk.sandboxes.startSandbox(this.id));
        asked = true;
      }
      return undefined;
    });
    await startMainProcess(this.#inside, memoryOf(dto.labels));
  }

  async stop({ timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal }): Promise<void> {
    const before = await this.#inside.dto();
    let force = false;
    if (before.state === 'started' && memoryOf(before.labels).command !== undefined) {
      await endMainProcess(this.#inside, { timeoutMs, signal });
      // It has had its time.
      force = (await mainProcessState(this.#inside)).running;
    }
    let asked = false;
    await waitUntil('stopping the sandbox', { timeoutMs: timeoutMs + STOP_TIMEOUT_MS, signal }, async () => {
      const { state = 'unknown', errorReason } = await this.#inside.dto();
      if (state === 'stopped' || state === 'archived' || state === 'archiving') return true;
      if (state === 'error')
        throw new SandboxError(
          'ProviderError',
          `The sandbox failed to stop: ${errorReason ?? 'no reason given'}`,
          {
            provider: 'daytona',
            retryable: false,
          },
        );
      if (!asked && state === 'started') {
        await this.#ask('stop', () => this.#inside.sdk.sandboxes.stopSandbox(this.id, undefined, force));
        asked = true;
      }
      return undefined;
    });
  }

  async destroy(): Promise<void> {
    let asked = false;
    await waitUntil('destroying the sandbox', { timeoutMs: DESTROY_TIMEOUT_MS }, async () => {
      try {
        const { data } = await withRetry(() => this.#inside.sdk.sandboxes.getSandbox(this.id));
        if (data.state === 'destroyed') return true;
        if (!asked || data.state !== 'destroying') {
          await this.#ask('destroy', () => this.#inside.sdk.sandboxes.deleteSandbox(this.id));
          asked = true;
        }
        return undefined;
      } catch (error) {
        if (isMissing(error) || isSandboxError(error, 'SandboxNotFound')) return true;
        return guarded(this.#context('destroy'), () => Promise.reject(error));
      }
    });
  }

  async spawn(argv: readonly string[], options: SpawnOptions): Promise<DriverProcess> {
    const cwd = options.cwd ?? memoryOf((await this.#inside.handle()).labels).cwd;
    const all = { ...options, ...(cwd === undefined ? {} : { cwd }) };
    const { tty } = options;
    return tty === undefined
      ? spawnProcess(this.#inside, argv, all)
      : spawnTerminal(this.#inside, argv, { ...all, tty });
  }

  putArchive(tar: ByteStream, directory: string, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    return putArchive(this.#inside, tar, directory, signal);
  }

  getArchive(path: string, { signal }: { signal?: AbortSignal } = {}): Promise<ByteStream> {
    return getArchive(this.#inside, path, signal);
  }

  async endpoint(port: number): Promise<Endpoint> {
    const { labels, state = 'unknown', public: isPublic } = await this.#inside.dto();
    const { ports } = memoryOf(labels);
    if (ports.length > 0 && !ports.includes(port)) {
      const issue = `ports: ${port} is not among the published ${ports.join(', ')}`;
      throw new SandboxError('InvalidSpec', `Port ${port} was not published. Name it in "ports" at create.`, {
        issues: [issue],
      });
    }
    if (state !== 'started') throw notStarted('look up a port', this.id, state);
    const { data } = await guarded(this.#context(`look up port ${port} of`), () =>
      withRetry(() => this.#inside.sdk.sandboxes.getPortPreviewUrl(this.id, port)),
    );
    const url = data.url.replace(/\/$/, '');
    // Without it a browser's user agent gets a page of warning.
    const headers = { 'X-Daytona-Skip-Preview-Warning': 'true' };
    if (isPublic) return { url, headers };
    const page = new URL(`${url}/`);
    page.searchParams.set(TOKEN_PARAMETER, data.token);
    return { url, headers: { ...headers, [TOKEN_HEADER]: data.token }, pageUrl: page.href };
  }

  async *logs({ follow = false, tail, since, signal }: LogOptions): AsyncGenerator<LogLine> {
    if (since !== undefined)
      throw new SandboxError('Unsupported', 'Daytona keeps no time for log lines: leave out "since".', {
        capability: 'logs.since',
        provider: 'daytona',
      });
    const end = signal ?? new AbortController().signal;
    const memory = memoryOf((await this.#inside.dto()).labels);
    const skipped = tail === undefined ? 0 : await this.#linesBefore(tail, end);
    let seen = 0;
    try {
      for await (const line of mainProcessLog(this.#inside, memory, { follow, signal: end })) {
        seen += 1;
        if (seen > skipped) yield line;
      }
    } catch (error) {
      // A followed log ends with its sandbox.
      const gone =
        error instanceof SandboxError && (error.code === 'SandboxNotFound' || error.code === 'NotRunning');
      if (!(follow && gone) && !end.aborted) throw error;
    }
  }

  owner(): Promise<{ uid: number; gid: number }> {
    this.#owner ??= this.#inside.run('look up the user', 'id -u; id -g').then(({ output }) => {
      const [uid = 0, gid = 0] = output.trim().split('\n').map(Number);
      return { uid, gid };
    });
    return this.#owner;
  }

  /** The service may call a failed capture a success, so the snapshot itself is asked. */
  async snapshot(name: string): Promise<{ image: string }> {
    checkSnapshotName(name);
    const snapshots = new SnapshotClient(this.#inside.sdk);
    await guarded(this.#context('snapshot'), async () => {
      try {
        await withRetry(() => this.#inside.sdk.sandboxes.createSandboxSnapshot(this.id, { name }));
      } catch (error) {
        const now = await this.#inside.dto();
        if (now.state !== 'snapshotting') throw error;
      }
    });
    await waitUntil('taking a snapshot', { timeoutMs: SNAPSHOT_TIMEOUT_MS }, async () => {
      const { state, errorReason } = await this.#inside.dto();
      if (state === 'error')
        throw new SandboxError('ProviderError', `The snapshot failed: ${errorReason ?? 'no reason given'}`, {
          provider: 'daytona',
          retryable: false,
        });
      return state === 'snapshotting' ? undefined : true;
    });
    await snapshots.waitUntilActive(name, { timeoutMs: SNAPSHOT_TIMEOUT_MS });
    return { image: name };
  }

  /** The service replaces all labels at once, so those that stay are sent again. */
  async setLabels(labels: Readonly<Record<string, string>>): Promise<void> {
    checkCallerLabels(labels);
    const before = (await this.#inside.dto()).labels;
    await guarded(this.#context('set the labels'), () =>
      withRetry(() =>
        this.#inside.sdk.sandboxes.replaceLabels(this.id, { labels: { ...before, ...labels } }),
      ),
    );
  }

  /** The service counts in minutes: the expiry is rounded up. */
  async extend(ms: number): Promise<{ expiresAt: Date }> {
    const minutes = Math.ceil(ms / MINUTE_MS);
    const { data } = await guarded(this.#context('extend'), () =>
      withRetry(() => this.#inside.sdk.sandboxes.setTtl(this.id, minutes)),
    );
    return { expiresAt: new Date(data.autoDestroyAt ?? Date.now() + minutes * MINUTE_MS) };
  }

  /** A change of state. A refusal because of the state is left to the next look at it. */
  async #ask(operation: string, call: () => Promise<unknown>): Promise<void> {
    try {
      await withRetry(call);
    } catch (error) {
      const { status } = httpFailure(error);
      if (status !== 400 && status !== 409)
        await guarded(this.#context(operation), () => Promise.reject(error));
    }
  }

  async #linesBefore(tail: number, signal: AbortSignal): Promise<number> {
    let count = 0;
    for await (const _ of this.logs({ signal })) count += 1;
    return Math.max(0, count - tail);
  }

  #context(operation: string): CallContext {
    return {
      operation: `${operation} the sandbox`,
      endpoint: this.#inside.sdk.access.apiUrl,
      sandbox: this.id,
    };
  }
}

/** What the service says, and what the main process of a sandbox with a command says. */
export async function describe(inside: Inside, dto: SandboxFacts): Promise<SandboxInfo> {
  const info = toSandboxInfo(dto);
  if (dto.state !== 'started' || memoryOf(dto.labels).command === undefined) return info;
  const { running, exitCode } = await mainProcessState(inside);
  return running ? info : { ...info, state: 'stopped', ...(exitCode === undefined ? {} : { exitCode }) };
}
