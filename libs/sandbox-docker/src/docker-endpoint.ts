import { type Endpoint, SandboxError } from '@iterate/sandbox-provider';
import type Docker from 'dockerode';

/**
 * Where a port inside is published, in an inspect made just now: a stopped container has none, and a restart
 * may move it.
 *
 * @param engineHost Host of an engine reached over TCP; `undefined` when the engine is on this machine.
 */
export function endpointOf(
  inspect: Docker.ContainerInspectInfo,
  port: number,
  engineHost: string | undefined,
): Endpoint {
  const published = Object.keys(inspect.HostConfig.PortBindings ?? {});
  if (!published.includes(`${port}/tcp`)) {
    const issues = [`port ${port} is not published; published are: ${published.join(', ') || 'none'}`];
    throw new SandboxError('InvalidSpec', `The sandbox's ${issues[0]}. Add it to "ports" at create.`, {
      issues,
    });
  }
  // Podman tells the ports of a stopped container too.
  const binding = inspect.State.Running ? inspect.NetworkSettings.Ports[`${port}/tcp`]?.[0] : undefined;
  if (binding === undefined) {
    const state = inspect.State.Status;
    throw new SandboxError(
      'NotRunning',
      `Port ${port} cannot be reached: the sandbox is ${state}. Start it first.`,
      {
        id: inspect.Id,
        state,
      },
    );
  }
  const anywhere = binding.HostIp === '' || binding.HostIp === '0.0.0.0' || binding.HostIp === '::';
  const host = anywhere ? (engineHost ?? '127.0.0.1') : binding.HostIp;
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${binding.HostPort}` };
}
