import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type {
  ByteStream,
  DriverFs,
  DriverProcess,
  DriverSandbox,
  Endpoint,
  LogLine,
  LogOptions,
  SandboxInfo,
  SandboxStats,
  SpawnOptions,
} from '../driver.js';
import { SandboxError } from '../sandbox-error.js';
import type { ValidSandboxSpec } from '../sandbox-spec.js';
import { canTransition, type SandboxState } from '../sandbox-state.js';
import { FakeFileSystem } from './fake-file-system.js';
import { FakeLog } from './fake-log.js';
import type { FakeHandler, FakePrograms } from './fake-program.js';
import { type FakeMachine, type RunningFake, runFakeProcess } from './run-fake-process.js';

/** An image of the fake: what a sandbox starts with. */
export interface FakeImage {
  /** Main process. */
  readonly command: readonly string[];
  readonly files?: FakeFileSystem;
  readonly env?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

const STOP_POLL_MS = 5;

/** A sandbox in memory, with real ports on loopback. */
export class FakeSandbox implements DriverSandbox {
  readonly id = randomUUID();
  readonly native = this;
  readonly name: string;
  readonly spec: ValidSandboxSpec;
  readonly files: FakeFileSystem;
  readonly fs: DriverFs;
  readonly createdAt = new Date();
  readonly #machine: FakeMachine;
  readonly #command: readonly string[];
  readonly #log = new FakeLog();
  readonly #servers = new Map<number, Server>();
  readonly #onDestroy: () => void;
  readonly #onSnapshot: (name: string, image: FakeImage) => string;
  #main: RunningFake | undefined;
  #state: SandboxState = 'creating';
  #labels: Readonly<Record<string, string>>;
  #exitCode: number | undefined;
  #startedAt: Date | undefined;
  #expiresAt: Date | undefined;

  constructor(
    spec: ValidSandboxSpec,
    image: FakeImage,
    world: {
      programs: FakePrograms;
      onDestroy: () => void;
      onSnapshot: (name: string, image: FakeImage) => string;
    },
  ) {
    this.spec = spec;
    this.name = spec.name ?? `fake-${this.id.slice(0, 8)}`;
    this.files = image.files?.clone() ?? new FakeFileSystem();
    this.#labels = { ...image.labels, ...spec.labels };
    this.#command = spec.command ?? image.command;
    this.#onDestroy = world.onDestroy;
    this.#onSnapshot = world.onSnapshot;
    this.#expiresAt = spec.ttlMs === undefined ? undefined : new Date(Date.now() + spec.ttlMs);
    this.#machine = {
      programs: world.programs,
      files: this.files,
      env: { ...image.env, ...spec.env },
      cwd: spec.cwd ?? '/',
      user: spec.user ?? 'root',
      listeners: new Map<number, FakeHandler>(),
      processes: new Set(),
    };
    const { files } = this;
    this.fs = {
      stat: async (path) => files.stat(path),
      list: async (path) => files.list(path),
      mkdir: async (path) => files.mkdir(path),
      remove: async (path) => files.remove(path),
      rename: async (from, to) => files.rename(from, to),
    };
  }

  async info(): Promise<SandboxInfo> {
    this.#requireExisting();
    return this.snapshotInfo();
  }

  /** {@link info} of what is known, also of one that is gone. */
  snapshotInfo(): SandboxInfo {
    return {
      id: this.id,
      name: this.name,
      state: this.#state,
      nativeState: this.#state,
      image: this.spec.image,
      labels: this.#labels,
      createdAt: this.createdAt,
      ports: this.spec.ports,
      ...(this.#startedAt === undefined ? {} : { startedAt: this.#startedAt }),
      ...(this.#expiresAt === undefined ? {} : { expiresAt: this.#expiresAt }),
      ...(this.#exitCode === undefined ? {} : { exitCode: this.#exitCode }),
    };
  }

  async start(): Promise<void> {
    this.#requireExisting();
    if (this.#state === 'running') return;
    this.#exitCode = undefined;
    this.#startedAt = new Date();
    for (const port of this.spec.ports) this.#servers.set(port, await this.#serve(port));
    this.#enter('running');
    const main = runFakeProcess(this.#machine, this.#command, {});
    this.#main = [...this.#machine.processes].at(-1);
    this.#log.open();
    const read = Promise.all([this.#log.read('stdout', main.stdout), this.#log.read('stderr', main.stderr)]);
    main.exit.then(
      ({ code }) => this.#ended(code, read),
      () => this.#ended(127, read),
    );
  }

  async stop({ timeoutMs }: { timeoutMs: number }): Promise<void> {
    this.#requireExisting();
    if (this.#state === 'stopped') return;
    this.#main?.kill('SIGTERM');
    const deadline = Date.now() + timeoutMs;
    while (this.#isUp() && Date.now() < deadline) await delay(STOP_POLL_MS);
    this.#main?.kill('SIGKILL');
    while (this.#isUp()) await delay(STOP_POLL_MS);
  }

  async destroy(): Promise<void> {
    if (this.#state === 'destroyed') return;
    this.#enter('destroying');
    for (const process of this.#machine.processes) process.kill('SIGKILL');
    await this.#closePorts();
    this.#log.close();
    this.#enter('destroyed');
    this.#onDestroy();
  }

  async spawn(argv: readonly string[], options: SpawnOptions): Promise<DriverProcess> {
    this.#requireRunning();
    return runFakeProcess(this.#machine, argv, options);
  }

  async putArchive(tar: ByteStream, directory: string): Promise<void> {
    this.#requireExisting();
    await this.files.putArchive(tar, directory);
  }

  async getArchive(path: string): Promise<ByteStream> {
    this.#requireExisting();
    return this.files.getArchive(path);
  }

  async endpoint(port: number): Promise<Endpoint> {
    this.#requireExisting();
    if (!this.spec.ports.includes(port)) {
      const issues = [`port ${port} is not published`];
      throw new SandboxError('InvalidSpec', `Port ${port} is not published. Add it to "ports" at create.`, {
        issues,
      });
    }
    this.#requireRunning();
    const address = this.#servers.get(port)?.address() as AddressInfo;
    return { url: `http://127.0.0.1:${address.port}` };
  }

  logs(options: LogOptions): AsyncIterable<LogLine> {
    return this.#log.lines(options);
  }

  async owner(): Promise<{ uid: number; gid: number }> {
    return { uid: 0, gid: 0 };
  }

  async listeningPorts(): Promise<readonly number[]> {
    this.#requireRunning();
    return [...this.#machine.listeners.keys()].sort((a, b) => a - b);
  }

  async pause(): Promise<void> {
    this.#requireRunning();
    this.#enter('paused');
  }

  async resume(): Promise<void> {
    this.#requireExisting();
    this.#enter('running');
  }

  async snapshot(name: string): Promise<{ image: string }> {
    this.#requireExisting();
    return { image: this.#onSnapshot(name, { command: this.#command, files: this.files.clone() }) };
  }

  async stats(): Promise<SandboxStats> {
    this.#requireRunning();
    const pids = this.#machine.processes.size;
    return {
      time: new Date(),
      cpus: 0,
      memoryBytes: pids * 1024,
      pids,
      networkRxBytes: 0,
      networkTxBytes: 0,
    };
  }

  async setLabels(labels: Readonly<Record<string, string>>): Promise<void> {
    this.#requireExisting();
    this.#labels = { ...this.#labels, ...labels };
  }

  async extend(ms: number): Promise<{ expiresAt: Date }> {
    this.#requireExisting();
    this.#expiresAt = new Date(Date.now() + ms);
    return { expiresAt: this.#expiresAt };
  }

  async #ended(code: number, logRead: Promise<unknown>): Promise<void> {
    await logRead;
    this.#log.close();
    if (!this.#isUp()) return;
    for (const process of this.#machine.processes) process.kill('SIGKILL');
    await this.#closePorts();
    if (!this.#isUp()) return;
    this.#main = undefined;
    this.#exitCode = code;
    this.#enter('stopped');
  }

  async #serve(port: number): Promise<Server> {
    const server = createServer((request, response) => {
      const handler = this.#machine.listeners.get(port);
      if (handler === undefined) {
        // As behind an engine's forwarder: accepted, then closed.
        request.socket.destroy();
        return;
      }
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      const { status, body } = handler({
        method: request.method ?? 'GET',
        path: request.url ?? '/',
        headers,
      });
      response.writeHead(status).end(body);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return server;
  }

  async #closePorts(): Promise<void> {
    const servers = [...this.#servers.values()];
    this.#servers.clear();
    await Promise.all(
      servers.map((server) => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
      }),
    );
  }

  #isUp(): boolean {
    return this.#state === 'running' || this.#state === 'paused';
  }

  #enter(state: SandboxState): void {
    if (!canTransition(this.#state, state))
      throw new SandboxError('Conflict', `A sandbox that is ${this.#state} cannot become ${state}.`, {
        subject: this.id,
      });
    this.#state = state;
  }

  #requireExisting(): void {
    if (this.#state === 'destroyed')
      throw new SandboxError('SandboxNotFound', `There is no sandbox ${this.id}.`, { id: this.id });
  }

  #requireRunning(): void {
    this.#requireExisting();
    if (this.#state !== 'running')
      throw new SandboxError('NotRunning', `The sandbox is ${this.#state}.`, {
        id: this.id,
        state: this.#state,
      });
  }
}
