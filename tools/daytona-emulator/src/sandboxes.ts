import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CreateSandbox, Sandbox } from '@daytona/api-client';
import { ApiError } from './api-error.js';
import type { Engine } from './engine.js';
import { engineStatus } from './engine.js';
import type { FaultPlan } from './faults.js';
import type { LogSpool } from './log-spool.js';
import type { ValidOptions } from './options.js';
import { builtTag, type SnapshotRecord, type Snapshots } from './snapshots.js';
import { Toolbox } from './toolbox.js';

type State = NonNullable<Sandbox['state']>;

/** A sandbox and what belongs to it. */
export interface SandboxRecord {
  dto: Sandbox;
  /** What the engine knows its container by, once it exists. */
  container: string | undefined;
  toolbox: Toolbox | undefined;
  previewToken: string;
  entrypoint: readonly string[];
  image: string;
  buildLog: LogSpool | undefined;
  lastActivityAt: number;
  stoppedAt: number | undefined;
  /** Ends with the last transition under way. */
  work: Promise<void>;
}

/** Which sandboxes to list. */
export interface SandboxQuery {
  labels: Record<string, string>;
  states: readonly string[];
  name: string | undefined;
}

/** What sandboxes work with. */
export interface SandboxServices {
  engine: Engine;
  snapshots: Snapshots;
  faults: FaultPlan;
  options: ValidOptions;
  organizationId: string;
  toolboxUrl: string;
}

const STOP_SECONDS = 10;

/** The sandboxes of the organization, and how they pass from state to state. */
export class Sandboxes {
  readonly #services: SandboxServices;
  readonly #records = new Map<string, SandboxRecord>();
  readonly #timer: NodeJS.Timeout;
  readonly #work = new Set<Promise<void>>();

  constructor(services: SandboxServices) {
    this.#services = services;
    this.#timer = setInterval(() => this.#watchClocks(), Math.min(1000, services.options.minuteMs / 4));
  }

  /** @throws ApiError 404 */
  get(idOrName: string): SandboxRecord {
    const record =
      this.#records.get(idOrName) ?? [...this.#records.values()].find(({ dto }) => dto.name === idOrName);
    if (record === undefined) throw new ApiError(404, `Sandbox with ID or name ${idOrName} not found`);
    return record;
  }

  list({ labels, states, name }: SandboxQuery): Sandbox[] {
    return [...this.#records.values()]
      .map(({ dto }) => dto)
      .filter(
        (dto) =>
          Object.entries(labels).every(([key, value]) => dto.labels[key] === value) &&
          (states.length === 0 || states.includes(dto.state ?? 'unknown')) &&
          (name === undefined || dto.name.startsWith(name)),
      );
  }

  /** @throws ApiError 400, 409 */
  create(request: CreateSandbox): Sandbox {
    const { options, organizationId, toolboxUrl, snapshots, faults } = this.#services;
    const snapshot = this.#sourceOf(request);
    const id = randomUUID();
    const name = request.name ?? id;
    if ([...this.#records.values()].some(({ dto }) => dto.name === name))
      throw new ApiError(409, `Sandbox with name ${name} already exists`);
    const now = new Date();
    const ttl = request.ttlMinutes ?? 0;
    const record: SandboxRecord = {
      container: undefined,
      toolbox: undefined,
      previewToken: randomBytes(16).toString('hex'),
      image: snapshot?.image ?? builtTag(),
      entrypoint: snapshot?.dto.entrypoint ?? [],
      buildLog: snapshot === undefined ? snapshots.openLog() : undefined,
      lastActivityAt: now.getTime(),
      stoppedAt: undefined,
      work: Promise.resolve(),
      dto: {
        id,
        organizationId,
        name,
        ...(snapshot === undefined ? {} : { snapshot: snapshot.dto.name }),
        ...(request.buildInfo === undefined
          ? {}
          : { buildInfo: { ...request.buildInfo, createdAt: now, updatedAt: now, snapshotRef: '' } }),
        user: request.user ?? 'daytona',
        env: request.env ?? {},
        labels: request.labels ?? {},
        public: request.public ?? false,
        networkBlockAll: request.networkBlockAll ?? false,
        target: request.target ?? 'local',
        cpu: snapshot?.dto.cpu ?? request.cpu ?? 1,
        gpu: 0,
        memory: snapshot?.dto.mem ?? request.memory ?? 1,
        disk: snapshot?.dto.disk ?? request.disk ?? 3,
        state: snapshot === undefined ? 'pending_build' : 'creating',
        desiredState: 'started',
        autoStopInterval: request.autoStopInterval ?? 15,
        autoArchiveInterval: request.autoArchiveInterval ?? 7 * 24 * 60,
        autoDeleteInterval: request.autoDeleteInterval ?? -1,
        ...(ttl > 0 ? { autoDestroyAt: new Date(now.getTime() + ttl * options.minuteMs).toISOString() } : {}),
        createdAt: now.toISOString(),
        updatedAt: now.toISOString(),
        lastActivityAt: now.toISOString(),
        toolboxProxyUrl: toolboxUrl,
      },
    };
    this.#records.set(id, record);
    if (snapshot !== undefined) snapshot.dto = { ...snapshot.dto, lastUsedAt: now };
    if (!faults.current.stuckSandboxes) this.#run(record, () => this.#bringUp(record, request));
    return record.dto;
  }

  /** @throws ApiError 400 in a state from which it cannot start */
  start(idOrName: string): Sandbox {
    const record = this.get(idOrName);
    const { state } = record.dto;
    if (state !== 'stopped' && state !== 'archived' && state !== 'paused')
      throw new ApiError(400, `Sandbox is not in valid state: it is ${state}`);
    this.#set(record, state === 'archived' ? 'restoring' : 'starting');
    this.#run(record, async () => {
      await sleep(this.#services.options.stepMs);
      const container = this.#containerOf(record);
      if (state === 'paused') await container.unpause();
      else {
        await container.start();
        await this.#openToolbox(record);
      }
      this.#settle(record, 'started');
    });
    return record.dto;
  }

  /** @throws ApiError 400 unless started */
  stop(idOrName: string, force = false): Sandbox {
    const record = this.get(idOrName);
    if (record.dto.state !== 'started')
      throw new ApiError(400, `Sandbox is not started: it is ${record.dto.state}`);
    this.#set(record, 'stopping');
    this.#run(record, async () => {
      await sleep(this.#services.options.stepMs);
      await this.#containerOf(record).stop({ t: force ? 0 : STOP_SECONDS });
      await record.toolbox?.abandon();
      record.toolbox = undefined;
      this.#settle(record, 'stopped');
    });
    return record.dto;
  }

  /** @throws ApiError 400 unless started */
  pause(idOrName: string): Sandbox {
    const record = this.get(idOrName);
    if (record.dto.state !== 'started')
      throw new ApiError(400, `Sandbox is not started: it is ${record.dto.state}`);
    this.#set(record, 'pausing');
    this.#run(record, async () => {
      await sleep(this.#services.options.stepMs);
      await this.#containerOf(record).pause();
      this.#settle(record, 'paused');
    });
    return record.dto;
  }

  /** @throws ApiError 400 unless stopped */
  archive(idOrName: string): Sandbox {
    const record = this.get(idOrName);
    if (record.dto.state !== 'stopped')
      throw new ApiError(400, `Sandbox is not stopped: it is ${record.dto.state}`);
    this.#set(record, 'archiving');
    this.#run(record, async () => {
      await sleep(this.#services.options.stepMs);
      this.#settle(record, 'archived');
    });
    return record.dto;
  }

  /** @throws ApiError 400 unless started or stopped, 409 for a name in use */
  capture(idOrName: string, snapshotName: string): Sandbox {
    const record = this.get(idOrName);
    const { state = 'unknown', id } = record.dto;
    if (state !== 'started' && state !== 'stopped')
      throw new ApiError(400, `Sandbox is not started or stopped: it is ${state}`);
    const { snapshots } = this.#services;
    if (snapshots.find(snapshotName) !== undefined)
      throw new ApiError(409, `Snapshot with name "${snapshotName}" already exists for this organization`);
    this.#set(record, 'snapshotting');
    this.#run(record, async () => {
      await sleep(this.#services.options.stepMs);
      const tag = builtTag();
      const [repo, version] = tag.split(':');
      await this.#containerOf(record).commit({ repo, tag: version });
      snapshots.addCaptured(snapshotName, tag, id);
      this.#settle(record, state);
    });
    return record.dto;
  }

  /** Removes a sandbox in any state. */
  destroy(idOrName: string): Sandbox {
    const record = this.get(idOrName);
    if (record.dto.state === 'destroying') return record.dto;
    this.#set(record, 'destroying');
    this.#run(record, async () => {
      await sleep(this.#services.options.stepMs);
      await this.#drop(record);
    });
    return record.dto;
  }

  update(idOrName: string, change: Partial<Sandbox>): Sandbox {
    const record = this.get(idOrName);
    record.dto = { ...record.dto, ...change, updatedAt: new Date().toISOString() };
    return record.dto;
  }

  /** @param minutes 0 for no expiry */
  setTtl(idOrName: string, minutes: number): Sandbox {
    const record = this.get(idOrName);
    const { autoDestroyAt: _, ...rest } = record.dto;
    const at = new Date(Date.now() + minutes * this.#services.options.minuteMs).toISOString();
    record.dto = minutes > 0 ? { ...rest, autoDestroyAt: at } : rest;
    return record.dto;
  }

  /** Puts the auto-stop clock back. */
  touch(record: SandboxRecord): void {
    record.lastActivityAt = Date.now();
    record.dto = { ...record.dto, lastActivityAt: new Date().toISOString() };
  }

  /** The toolbox of a started sandbox. @throws ApiError 400, 404 */
  toolbox(id: string): Toolbox {
    const record = this.get(id);
    if (record.toolbox === undefined || record.dto.state !== 'started')
      throw new ApiError(400, `Sandbox is not running: it is ${record.dto.state}`);
    this.touch(record);
    return record.toolbox;
  }

  /** Address of the container on the engine's network. @throws ApiError 400 */
  async address(record: SandboxRecord): Promise<string> {
    if (record.dto.state !== 'started' || record.container === undefined)
      throw new ApiError(400, `Sandbox is not running: it is ${record.dto.state}`);
    const { NetworkSettings } = await this.#containerOf(record).inspect();
    const address = Object.values(NetworkSettings.Networks)[0]?.IPAddress;
    if (address === undefined || address === '') throw new ApiError(400, 'Sandbox has no network');
    return address;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#work);
    for (const record of [...this.#records.values()]) await this.#drop(record);
  }

  #sourceOf(request: CreateSandbox): SnapshotRecord | undefined {
    if (request.buildInfo !== undefined) return undefined;
    if (request.snapshot === undefined) throw new ApiError(400, 'Either snapshot or buildInfo must be given');
    const snapshot = this.#services.snapshots.find(request.snapshot);
    if (snapshot === undefined) throw new ApiError(400, `Snapshot ${request.snapshot} not found`);
    if (snapshot.dto.state !== 'active')
      throw new ApiError(400, `Snapshot ${request.snapshot} is ${snapshot.dto.state}`);
    if (request.cpu !== undefined || request.memory !== undefined || request.disk !== undefined)
      throw new ApiError(400, 'Cannot specify Sandbox resources when using a snapshot');
    return snapshot;
  }

  async #bringUp(record: SandboxRecord, request: CreateSandbox): Promise<void> {
    const { engine, snapshots, options } = this.#services;
    if (request.buildInfo !== undefined && record.buildLog !== undefined) {
      await sleep(options.stepMs);
      this.#settle(record, 'building_snapshot');
      try {
        await snapshots.build(record.image, request.buildInfo, record.buildLog);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        record.dto = { ...record.dto, state: 'build_failed', errorReason: reason };
        return;
      } finally {
        await record.buildLog.end();
      }
      const { Config } = await engine.docker.getImage(record.image).inspect();
      record.entrypoint = [Config.Entrypoint ?? [], Config.Cmd ?? []].flat();
      this.#settle(record, 'creating');
    }
    await sleep(options.stepMs);
    if (record.dto.state === 'destroying') return;
    const { dto } = record;
    const container = await engine.createContainer({
      name: `daytona-emulator-${dto.id}`,
      image: record.image,
      user: request.user,
      cpus: dto.cpu,
      memoryGib: dto.memory,
      networkBlocked: dto.networkBlockAll,
    });
    record.container = container.id;
    this.#settle(record, 'starting');
    await sleep(options.stepMs);
    if (this.#isGoing(record)) return;
    await container.start();
    const { Config } = await container.inspect();
    record.dto = { ...record.dto, user: Config.User === '' ? 'root' : Config.User };
    await this.#openToolbox(record);
    this.#settle(record, 'started');
  }

  async #openToolbox(record: SandboxRecord): Promise<void> {
    const container = this.#containerOf(record);
    record.toolbox = await Toolbox.start(this.#services.engine, container.id, {
      env: { ...record.dto.env, DAYTONA_SANDBOX_ID: record.dto.id },
      entrypoint: record.entrypoint,
    });
    this.touch(record);
  }

  #containerOf(record: SandboxRecord) {
    if (record.container === undefined) throw new ApiError(400, 'Sandbox has no container yet');
    return this.#services.engine.docker.getContainer(record.container);
  }

  #isGoing({ dto }: SandboxRecord): boolean {
    return dto.state === 'destroying';
  }

  #set(record: SandboxRecord, state: State): void {
    record.dto = { ...record.dto, state, updatedAt: new Date().toISOString() };
  }

  /** The next state of a transition, unless the sandbox was destroyed meanwhile. */
  #settle(record: SandboxRecord, state: State): void {
    record.stoppedAt = state === 'stopped' ? Date.now() : undefined;
    if (!this.#isGoing(record)) this.#set(record, state);
  }

  #watchClocks(): void {
    const { minuteMs } = this.#services.options;
    const now = Date.now();
    for (const record of this.#records.values()) {
      const { state, autoStopInterval = 0, autoDeleteInterval = -1, autoDestroyAt } = record.dto;
      const idle = now - record.lastActivityAt;
      if (autoDestroyAt !== undefined && now >= Date.parse(autoDestroyAt)) this.destroy(record.dto.id);
      else if (state === 'started' && autoStopInterval > 0 && idle >= autoStopInterval * minuteMs)
        this.stop(record.dto.id);
      else if (
        record.stoppedAt !== undefined &&
        autoDeleteInterval >= 0 &&
        now - record.stoppedAt >= autoDeleteInterval * minuteMs
      )
        this.destroy(record.dto.id);
    }
  }

  async #drop(record: SandboxRecord): Promise<void> {
    if (record.container !== undefined) await this.#services.engine.remove(record.container);
    await record.toolbox?.abandon();
    await record.buildLog?.remove();
    this.#records.delete(record.dto.id);
    if (record.buildLog === undefined) return;
    try {
      await this.#services.engine.docker.getImage(record.image).remove();
    } catch (error) {
      if (engineStatus(error) !== 404 && engineStatus(error) !== 409) throw error;
    }
  }

  /** Work after what goes on with the sandbox already; it ends in the state `error` when it fails. */
  #run(record: SandboxRecord, work: () => Promise<void>): void {
    const running = record.work
      .then(work)
      .catch((error: unknown) => {
        const errorReason = error instanceof Error ? error.message : String(error);
        record.dto = { ...record.dto, state: 'error', errorReason };
      })
      .finally(() => this.#work.delete(running));
    record.work = running;
    this.#work.add(running);
  }
}
