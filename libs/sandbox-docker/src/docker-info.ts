import type { SandboxInfo, SandboxState } from '@iterate/sandbox-provider';
import type Docker from 'dockerode';

const STATES: Readonly<Record<string, SandboxState>> = {
  created: 'creating',
  running: 'running',
  restarting: 'running',
  paused: 'paused',
  removing: 'destroying',
  exited: 'stopped',
  dead: 'failed',
};

/** The contract's state for one of Docker's; an unknown one is `failed`, with the word kept in `nativeState`. */
export function sandboxState(nativeState: string): SandboxState {
  return STATES[nativeState] ?? 'failed';
}

/** What the engine says of one container. */
export function infoFromInspect(inspect: Docker.ContainerInspectInfo): SandboxInfo {
  const { State, Config } = inspect;
  const error =
    State.Error !== '' ? State.Error : State.OOMKilled ? 'A process was killed for lack of memory.' : '';
  const state = sandboxState(State.Status);
  // The year 1 stands for "never".
  const started = new Date(State.StartedAt);
  const ended = state === 'stopped' || state === 'failed';
  return {
    id: inspect.Id,
    name: inspect.Name.replace(/^\//, ''),
    state: ended && error !== '' ? 'failed' : state,
    nativeState: State.Status,
    image: Config.Image,
    labels: Config.Labels ?? {},
    createdAt: new Date(inspect.Created),
    ...(started.getTime() > 0 ? { startedAt: started } : {}),
    ports: Object.keys(inspect.HostConfig.PortBindings ?? {}).map((key) => Number.parseInt(key, 10)),
    ...(ended ? { exitCode: State.ExitCode } : {}),
    ...(error === '' ? {} : { error }),
  };
}

/** What the engine says of one container in a list, which knows less than an inspect. */
export function infoFromList(container: Docker.ContainerInfo): SandboxInfo {
  return {
    id: container.Id,
    name: (container.Names[0] ?? container.Id).replace(/^\//, ''),
    state: sandboxState(container.State),
    nativeState: container.State,
    image: container.Image,
    labels: container.Labels,
    createdAt: new Date(container.Created * 1000),
    ports: [...new Set(container.Ports.map((port) => port.PrivatePort))].sort((a, b) => a - b),
  };
}
