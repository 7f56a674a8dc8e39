import { setTimeout as sleep } from 'node:timers/promises';
import type { CreateSandbox, Sandbox } from '@daytona/api-client';
import { ApiError } from './api-error.js';
import type { FaultPlan } from './faults.js';
import { dueAction } from './sandbox-clocks.js';
import {
  addressOf,
  bringUp,
  type ContainerServices,
  containerOf,
  dropContainer,
  openToolbox,
} from './sandbox-container.js';
import { newSandbox, type SandboxRecord, type SandboxState } from './sandbox-record.js';
import { builtTag, type SnapshotRecord } from './snapshots.js';
import type { Toolbox } from './toolbox.js';

/** Which sandboxes to list. */
export interface SandboxQuery {
  labels: Record<string, string>;
  states: readonly string[];
  name: string | undefined;
}

/** What sandboxes work with. */
export interface SandboxServices extends ContainerServices {
  faults: FaultPlan;
  organizationId: string;
  toolboxUrl: string;
}

const STOP_SECONDS = 10;
const LONGEST_TICK_MS = 1_000;

/** The sandboxes of the organization, and how they pass from state to state. */
export class Sandboxes {
  readonly #services: SandboxServices;
  readonly #records = new Map<string, SandboxRecord>();
  readonly #timer: NodeJS.Timeout;
  readonly #work = new Set<Promise<void>>();

  constructor(services: SandboxServices) {
    this.#services = services;
    const tickMs = Math.min(LONGEST_TICK_MS, services.options.minuteMs / 4);
    this.#timer = setInterval(() => this.#watchClocks(), tickMs);
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
    const { name } = request;
    if ([...this.#records.values()].some(({ dto }) => dto.name === name))
      throw new ApiError(409, `Sandbox with name ${name} already exists`);
    const record = newSandbox(request, {
      snapshot,
      buildLog: snapshot === undefined ? snapshots.openLog() : undefined,
      organizationId,
      toolboxUrl,
      minuteMs: options.minuteMs,
    });
    this.#records.set(record.dto.id, record);
    if (snapshot !== undefined) snapshot.dto = { ...snapshot.dto, lastUsedAt: new Date() };
    if (!faults.current.stuckSandboxes)
      this.#run(record, async () => {
        await bringUp(this.#services, record, request, (...step) => this.#settle(...step));
        this.touch(record);
      });
    return record.dto;
  }

  /** @throws ApiError 400 in a state from which it cannot start */
  start(idOrName: string): Sandbox {
    const record = this.#inState(idOrName, ['stopped', 'archived', 'paused'], 'in valid state');
    const { state } = record.dto;
    return this.#pass(record, state === 'archived' ? 'restoring' : 'starting', 'started', async () => {
      const container = containerOf(this.#services.engine, record);
      if (state === 'paused') return container.unpause();
      await container.start();
      await openToolbox(this.#services, record);
      this.touch(record);
    });
  }

  /** @throws ApiError 400 unless started */
  stop(idOrName: string, force = false): Sandbox {
    const record = this.#inState(idOrName, ['started'], 'started');
    return this.#pass(record, 'stopping', 'stopped', async () => {
      await containerOf(this.#services.engine, record).stop({ t: force ? 0 : STOP_SECONDS });
      await record.toolbox?.abandon();
      record.toolbox = undefined;
    });
  }

  /** @throws ApiError 400 unless started */
  pause(idOrName: string): Sandbox {
    const record = this.#inState(idOrName, ['started'], 'started');
    return this.#pass(record, 'pausing', 'paused', () => containerOf(this.#services.engine, record).pause());
  }

  /** @throws ApiError 400 unless stopped */
  archive(idOrName: string): Sandbox {
    const record = this.#inState(idOrName, ['stopped'], 'stopped');
    return this.#pass(record, 'archiving', 'archived', async () => undefined);
  }

  /** @throws ApiError 400 unless started or stopped, 409 for a name in use */
  capture(idOrName: string, snapshotName: string): Sandbox {
    const record = this.#inState(idOrName, ['started', 'stopped'], 'started or stopped');
    const { state = 'unknown', id } = record.dto;
    const { snapshots, engine } = this.#services;
    if (snapshots.find(snapshotName) !== undefined)
      throw new ApiError(409, `Snapshot with name "${snapshotName}" already exists for this organization`);
    return this.#pass(record, 'snapshotting', state, async () => {
      const image = builtTag();
      const [repo, tag] = image.split(':');
      await containerOf(engine, record).commit({ repo, tag });
      snapshots.addCaptured(snapshotName, image, id);
    });
  }

  /** Removes a sandbox in any state. */
  destroy(idOrName: string): Sandbox {
    const record = this.get(idOrName);
    if (record.dto.state === 'destroying') return record.dto;
    return this.#pass(record, 'destroying', 'destroyed', () => this.#drop(record));
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

  /** Where its ports are on the engine's network. @throws ApiError 400 */
  address(record: SandboxRecord): Promise<string> {
    return addressOf(this.#services.engine, record);
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

  #inState(idOrName: string, allowed: readonly SandboxState[], wanted: string): SandboxRecord {
    const record = this.get(idOrName);
    if (!allowed.includes(record.dto.state ?? 'unknown'))
      throw new ApiError(400, `Sandbox is not ${wanted}: it is ${record.dto.state}`);
    return record;
  }

  /** Shows a passing state for its time, does the work, and shows the state after it. */
  #pass(
    record: SandboxRecord,
    passing: SandboxState,
    next: SandboxState,
    work: () => Promise<unknown>,
  ): Sandbox {
    this.#set(record, passing);
    this.#run(record, async () => {
      await sleep(this.#services.options.stepMs);
      await work();
      this.#settle(record, next);
    });
    return record.dto;
  }

  #set(record: SandboxRecord, state: SandboxState): void {
    record.dto = { ...record.dto, state, updatedAt: new Date().toISOString() };
  }

  /** The next state of a transition, unless the sandbox was destroyed meanwhile. */
  #settle(record: SandboxRecord, state: SandboxState): void {
    // Archived is stopped too: the clock that deletes goes on.
    if (state !== 'archived') record.stoppedAt = state === 'stopped' ? Date.now() : undefined;
    if (record.dto.state !== 'destroying') this.#set(record, state);
  }

  #watchClocks(): void {
    const now = Date.now();
    for (const record of this.#records.values()) {
      const action = dueAction(record, now, this.#services.options.minuteMs);
      if (action !== undefined) this[action](record.dto.id);
    }
  }

  async #drop(record: SandboxRecord): Promise<void> {
    await dropContainer(this.#services.engine, record);
    this.#records.delete(record.dto.id);
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
