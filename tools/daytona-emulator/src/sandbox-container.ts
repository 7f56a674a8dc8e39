import { setTimeout as sleep } from 'node:timers/promises';
import type { CreateSandbox } from '@daytona/api-client';
import type Docker from 'dockerode';
import { ApiError } from './api-error.js';
import { type Engine, engineStatus } from './engine.js';
import type { ValidOptions } from './options.js';
import type { SandboxRecord, SandboxState } from './sandbox-record.js';
import type { Snapshots } from './snapshots.js';
import { Toolbox } from './toolbox.js';

/** What the container of a sandbox needs. */
export interface ContainerServices {
  engine: Engine;
  snapshots: Snapshots;
  options: ValidOptions;
}

/** Shows a state on the way, unless the sandbox is being destroyed. */
export type ShowState = (record: SandboxRecord, state: SandboxState) => void;

/** Builds what has to be built, and makes and starts the container, state by state. */
export async function bringUp(
  services: ContainerServices,
  record: SandboxRecord,
  request: CreateSandbox,
  show: ShowState,
): Promise<void> {
  const { engine, options } = services;
  if (!(await build(services, record, request, show))) return;
  await sleep(options.stepMs);
  if (isGoing(record)) return;
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
  show(record, 'starting');
  await sleep(options.stepMs);
  if (isGoing(record)) return;
  await container.start();
  const { Config } = await container.inspect();
  record.dto = { ...record.dto, user: Config.User === '' ? 'root' : Config.User };
  await openToolbox(services, record);
  show(record, 'started');
}

/** Lets its API and its main process in again, after each start of the container. */
export async function openToolbox({ engine }: ContainerServices, record: SandboxRecord): Promise<void> {
  record.toolbox = await Toolbox.start(engine, containerOf(engine, record).id, {
    env: { ...record.dto.env, DAYTONA_SANDBOX_ID: record.dto.id },
    entrypoint: record.entrypoint,
  });
}

/** @throws ApiError 400 before it has one */
export function containerOf({ docker }: Engine, { container }: SandboxRecord): Docker.Container {
  if (container === undefined) throw new ApiError(400, 'Sandbox has no container yet');
  return docker.getContainer(container);
}

/** Address of the container on the engine's network. @throws ApiError 400 */
export async function addressOf(engine: Engine, record: SandboxRecord): Promise<string> {
  if (record.dto.state !== 'started')
    throw new ApiError(400, `Sandbox is not running: it is ${record.dto.state}`);
  const { NetworkSettings } = await containerOf(engine, record).inspect();
  const address = Object.values(NetworkSettings.Networks)[0]?.IPAddress;
  if (address === undefined || address === '') throw new ApiError(400, 'Sandbox has no network');
  return address;
}

/** Removes the container, what runs in it, and what was built for it alone. */
export async function dropContainer(engine: Engine, record: SandboxRecord): Promise<void> {
  if (record.container !== undefined) await engine.remove(record.container);
  await record.toolbox?.abandon();
  await record.buildLog?.remove();
  if (record.buildLog === undefined) return;
  try {
    await engine.docker.getImage(record.image).remove();
  } catch (error) {
    if (engineStatus(error) !== 404 && engineStatus(error) !== 409) throw error;
  }
}

/** @returns whether there is an image to start from */
async function build(
  { engine, snapshots, options }: ContainerServices,
  record: SandboxRecord,
  { buildInfo }: CreateSandbox,
  show: ShowState,
): Promise<boolean> {
  const { buildLog } = record;
  if (buildInfo === undefined || buildLog === undefined) return true;
  await sleep(options.stepMs);
  show(record, 'building_snapshot');
  try {
    await snapshots.build(record.image, buildInfo, buildLog);
  } catch (error) {
    const errorReason = error instanceof Error ? error.message : String(error);
    record.dto = { ...record.dto, state: 'build_failed', errorReason };
    return false;
  } finally {
    await buildLog.end();
  }
  const { Config } = await engine.docker.getImage(record.image).inspect();
  record.entrypoint = [Config.Entrypoint ?? [], Config.Cmd ?? []].flat();
  show(record, 'creating');
  return true;
}

function isGoing({ dto }: SandboxRecord): boolean {
  return dto.state === 'destroying';
}
