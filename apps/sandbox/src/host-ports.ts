import { createServer } from 'node:net';
import { CliError } from './cli-error.js';
import { listSandboxes, type SandboxDirectory, sandboxName } from './find-sandbox.js';

/** A port inside and the one on the host that leads to it. */
export interface PortPlan {
  readonly inside: number;
  readonly host: number;
  /** Set when the usual port was taken. */
  readonly wanted?: number;
}

/** How many ports after the usual one are tried. */
const ATTEMPTS = 200;
const OTHER_PROGRAM = 'another program';

/**
 * Chooses host ports on loopback: the same number as inside, or the next free one.
 *
 * @param explicit Ports that the user named, which must be free as they are.
 * @param taken Ports to leave out although they look free.
 * @throws CliError `PortTaken`, naming the owner when it is a sandbox
 */
export async function planPorts(
  connection: SandboxDirectory,
  inside: readonly number[],
  explicit: ReadonlyMap<number, number>,
  taken: ReadonlySet<number> = new Set(),
): Promise<PortPlan[]> {
  const used = new Set(taken);
  const plans: PortPlan[] = [];
  // Named ports first: an automatic choice must not take one of them.
  for (const [port, host] of explicit) {
    if (used.has(host) || !(await isFree(host))) throw await portTaken(connection, host);
    used.add(host);
    plans.push({ inside: port, host });
  }
  for (const port of inside.filter((candidate) => !explicit.has(candidate))) {
    const host = await nextFree(port, used);
    used.add(host);
    plans.push(host === port ? { inside: port, host } : { inside: port, host, wanted: port });
  }
  return plans.sort((a, b) => a.inside - b.inside);
}

/** The error of a taken port. */
export async function portTaken(connection: SandboxDirectory, port: number): Promise<CliError<'PortTaken'>> {
  const owner = await sandboxOnPort(connection, port);
  const whose = owner === undefined ? OTHER_PROGRAM : `the sandbox "${owner}"`;
  const way = owner === undefined ? 'Free it' : `Stop that with "sandbox stop ${owner}"`;
  return new CliError('PortTaken', `Port ${port} is taken by ${whose}. ${way}, or choose another port.`, {
    port,
    ...(owner === undefined ? {} : { owner }),
  });
}

/** In words, whose a port is; `undefined` when it is free. */
export async function portOwner(connection: SandboxDirectory, port: number): Promise<string | undefined> {
  if (await isFree(port)) return undefined;
  const owner = await sandboxOnPort(connection, port);
  return owner === undefined ? OTHER_PROGRAM : `the sandbox "${owner}"`;
}

async function sandboxOnPort(connection: SandboxDirectory, port: number): Promise<string | undefined> {
  for (const info of await listSandboxes(connection)) {
    if (info.state !== 'running' && info.state !== 'paused') continue;
    const sandbox = await connection.get(info.id);
    for (const inside of info.ports) {
      const { url } = await sandbox.endpoint(inside);
      if (new URL(url).port === String(port)) return sandboxName(info);
    }
  }
  return undefined;
}

async function nextFree(from: number, used: ReadonlySet<number>): Promise<number> {
  for (let port = from; port < from + ATTEMPTS && port <= 65_535; port += 1) {
    if (!used.has(port) && (await isFree(port))) return port;
  }
  const last = Math.min(from + ATTEMPTS - 1, 65_535);
  throw new CliError('PortTaken', `The ports ${from} to ${last} are all taken. Name one with --port.`, {
    port: from,
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
