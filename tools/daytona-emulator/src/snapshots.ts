import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CreateBuildInfo, CreateSnapshot, SnapshotDto } from '@daytona/api-client';
import { ApiError } from './api-error.js';
import { buildImage, pullImage, type RegistryLogin } from './build-image.js';
import { type Engine, engineStatus } from './engine.js';
import type { FaultPlan } from './faults.js';
import { checkImageReference, checkSnapshotName, hasRegistryHost } from './image-reference.js';
import { LogSpool } from './log-spool.js';
import type { ObjectStore } from './object-store.js';
import type { ValidOptions } from './options.js';

/** A snapshot and what belongs to it. */
export interface SnapshotRecord {
  dto: SnapshotDto;
  /** What the engine knows it by. */
  image: string;
  /** Whether the engine has the image because of this emulator. */
  ownsImage: boolean;
  log: LogSpool;
  deactivatedAt: number | undefined;
}

/** What snapshots work with. */
export interface SnapshotServices {
  engine: Engine;
  objects: ObjectStore;
  faults: FaultPlan;
  options: ValidOptions;
  organizationId: string;
  /** The login for an image of the emulator's own registry. */
  loginFor: (image: string) => RegistryLogin | undefined;
}

/** The snapshots of the organization, and how they become active. */
export class Snapshots {
  readonly #services: SnapshotServices;
  readonly #records = new Map<string, SnapshotRecord>();
  readonly #logDir: string;
  readonly #work = new Set<Promise<void>>();
  #closed = false;

  private constructor(services: SnapshotServices, logDir: string) {
    this.#services = services;
    this.#logDir = logDir;
  }

  static async open(services: SnapshotServices): Promise<Snapshots> {
    return new Snapshots(services, await mkdtemp(join(tmpdir(), 'daytona-emulator-builds-')));
  }

  /** @throws ApiError 404 */
  get(idOrName: string): SnapshotRecord {
    const record = this.find(idOrName);
    if (record === undefined) throw new ApiError(404, `Snapshot ${idOrName} not found`);
    return record;
  }

  find(idOrName: string): SnapshotRecord | undefined {
    return (
      this.#records.get(idOrName) ?? [...this.#records.values()].find(({ dto }) => dto.name === idOrName)
    );
  }

  list(): SnapshotDto[] {
    return [...this.#records.values()].map(({ dto }) => dto);
  }

  /** @throws ApiError 400, 409 */
  create(request: CreateSnapshot): SnapshotDto {
    checkSnapshotName(request.name);
    if (request.imageName === undefined && request.buildInfo === undefined)
      throw new ApiError(400, 'Either imageName or buildInfo must be given');
    if (request.imageName !== undefined) checkImageReference(request.imageName);
    if (this.find(request.name) !== undefined)
      throw new ApiError(409, `Snapshot with name "${request.name}" already exists for this organization`);
    const record = this.#add(request, { image: request.imageName ?? builtTag(), state: 'pending' });
    this.#run(() => this.#walk(record, request.buildInfo));
    return record.dto;
  }

  /** A snapshot of an image that the engine has already, made from a sandbox. */
  addCaptured(name: string, image: string, sourceSandboxId: string): SnapshotDto {
    const record = this.#add({ name }, { image, state: 'active' });
    record.ownsImage = true;
    record.dto = { ...record.dto, sourceSandboxId };
    return record.dto;
  }

  /** @throws ApiError 400 unless inactive and rested */
  activate(idOrName: string): SnapshotDto {
    const record = this.get(idOrName);
    const { name, state } = record.dto;
    if (state === 'active') throw new ApiError(400, `Snapshot ${name} is already active`);
    if (state !== 'inactive')
      throw new ApiError(400, `Snapshot ${name} cannot be activated - it is in ${state} state`);
    const rested = Date.now() - (record.deactivatedAt ?? 0);
    if (rested < this.#services.options.activateCooldownMs)
      throw new ApiError(400, `Snapshot ${name} was deactivated a moment ago; try again later`);
    this.#set(record, { state: 'pending' });
    this.#run(() => this.#walk(record, undefined));
    return record.dto;
  }

  /** @throws ApiError 400 unless active */
  deactivate(idOrName: string): void {
    const record = this.get(idOrName);
    if (record.dto.state !== 'active') throw new ApiError(400, `Snapshot ${record.dto.name} is not active`);
    record.deactivatedAt = Date.now();
    this.#set(record, { state: 'inactive' });
  }

  remove(idOrName: string): void {
    const record = this.get(idOrName);
    this.#set(record, { state: 'removing' });
    this.#run(async () => {
      await sleep(this.#services.options.stepMs);
      await this.#drop(record);
    });
  }

  /** Builds a Dockerfile with the contexts that were uploaded. @throws Error with the engine's message */
  async build(tag: string, info: CreateBuildInfo, log: LogSpool): Promise<void> {
    const { engine, objects, organizationId } = this.#services;
    const contexts = (info.contextHashes ?? []).map((hash) => {
      const body = objects.read(`${organizationId}/${hash}/context.tar`);
      if (body === undefined) throw new Error(`The build context ${hash} was not uploaded`);
      return body;
    });
    await buildImage(engine.docker, {
      dockerfile: info.dockerfileContent,
      contexts,
      tag,
      onLog: (text) => log.append(Buffer.from(text)),
    });
  }

  openLog(): LogSpool {
    return new LogSpool(join(this.#logDir, `${randomUUID()}.log`));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#work);
    for (const record of [...this.#records.values()]) await this.#drop(record);
    await rm(this.#logDir, { recursive: true, force: true });
  }

  #add(
    request: CreateSnapshot,
    { image, state }: { image: string; state: SnapshotDto['state'] },
  ): SnapshotRecord {
    const now = new Date();
    const record: SnapshotRecord = {
      image,
      ownsImage: false,
      log: this.openLog(),
      deactivatedAt: undefined,
      dto: {
        id: randomUUID(),
        organizationId: this.#services.organizationId,
        general: false,
        name: request.name,
        ...(request.imageName === undefined ? {} : { imageName: request.imageName }),
        state,
        size: null,
        entrypoint: request.entrypoint ?? null,
        cpu: request.cpu ?? 1,
        gpu: 0,
        mem: request.memory ?? 1,
        disk: request.disk ?? 3,
        errorReason: null,
        createdAt: now,
        updatedAt: now,
        lastUsedAt: null,
        sourceSandboxId: null,
        ...(request.buildInfo === undefined
          ? {}
          : { buildInfo: { ...request.buildInfo, createdAt: now, updatedAt: now, snapshotRef: image } }),
      },
    };
    this.#records.set(record.dto.id, record);
    return record;
  }

  #set(record: SnapshotRecord, change: Partial<SnapshotDto>): void {
    record.dto = { ...record.dto, ...change, updatedAt: new Date() };
  }

  /** From `pending` over the working state to `active` or a failure. */
  async #walk(record: SnapshotRecord, build: CreateBuildInfo | undefined): Promise<void> {
    const { engine, faults, options } = this.#services;
    await sleep(options.stepMs);
    if (record.dto.state !== 'pending') return;
    this.#set(record, { state: build === undefined ? 'pulling' : 'building' });
    const reason = faults.current.snapshotFailure;
    try {
      if (reason !== undefined) {
        await record.log.append(Buffer.from(`step failed: ${reason}\n`));
        throw new Error(reason);
      }
      if (build !== undefined) {
        record.ownsImage = true;
        await this.build(record.image, build, record.log);
      } else await this.#provide(record);
      await sleep(options.stepMs);
      const { Size, Config } = await engine.docker.getImage(record.image).inspect();
      if (this.find(record.dto.id)?.dto.state === 'removing') return;
      this.#set(record, {
        state: 'active',
        size: Size / 1024 ** 3,
        entrypoint: record.dto.entrypoint ?? [Config.Entrypoint ?? [], Config.Cmd ?? []].flat(),
      });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      await record.log.append(Buffer.from(`${message}\n`));
      this.#set(record, { state: build === undefined ? 'error' : 'build_failed', errorReason: message });
    } finally {
      await record.log.end();
    }
  }

  /** A reference with a registry's host is pulled from there; another stands for an image the engine has. */
  async #provide(record: SnapshotRecord): Promise<void> {
    const { docker } = this.#services.engine;
    const { image } = record;
    const present = await this.#has(image);
    if (hasRegistryHost(image)) {
      await pullImage(docker, image, {
        login: this.#services.loginFor(image),
        onLog: (text) => record.log.append(Buffer.from(text)),
      });
      // A name of its own: what the engine's other users do with theirs does not matter then.
      record.image = builtTag();
      record.ownsImage = true;
      const [repo = '', tag = ''] = record.image.split(':');
      await docker.getImage(image).tag({ repo, tag });
      if (!present) await docker.getImage(image).remove();
    } else if (!present) {
      throw new Error(
        `pull access denied for ${image}: the emulator pulls only references that name a registry's host`,
      );
    }
  }

  async #has(image: string): Promise<boolean> {
    try {
      await this.#services.engine.docker.getImage(image).inspect();
      return true;
    } catch (error) {
      if (engineStatus(error) === 404) return false;
      throw error;
    }
  }

  async #drop(record: SnapshotRecord): Promise<void> {
    this.#records.delete(record.dto.id);
    await record.log.remove();
    if (!record.ownsImage) return;
    try {
      await this.#services.engine.docker.getImage(record.image).remove();
    } catch (error) {
      const status = engineStatus(error);
      // 409: a sandbox still uses it.
      if (status !== 404 && status !== 409) throw error;
    }
  }

  #run(work: () => Promise<void>): void {
    if (this.#closed) return;
    const running = work().finally(() => this.#work.delete(running));
    this.#work.add(running);
  }
}

/** A name for an image that is built here. */
export function builtTag(): string {
  return `daytona-emulator:${randomUUID()}`;
}
