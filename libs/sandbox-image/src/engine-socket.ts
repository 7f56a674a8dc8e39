import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Answers of the engine to GET requests. */
export interface EngineSocket {
  /** @returns the JSON answer; `undefined` for "not found". @throws when the engine does not answer, or refuses */
  get(path: string): Promise<unknown>;
}

const SYSTEM_SOCKET = '/var/run/docker.sock';
const TIMEOUT_MS = 30_000;

/**
 * The engine that the docker command would ask, where that is a socket of this machine and nothing else is configured:
 * a question by HTTP takes milliseconds, and the command a tenth of a second.
 *
 * @returns `undefined` where a context, TLS or another transport is in play, which the command knows better
 */
export async function findEngineSocket({
  signal,
  env = process.env,
}: {
  signal?: AbortSignal | undefined;
  env?: Readonly<NodeJS.ProcessEnv>;
}): Promise<EngineSocket | undefined> {
  const path = env.DOCKER_HOST ? /^unix:\/\/(\/.+)$/.exec(env.DOCKER_HOST)?.[1] : SYSTEM_SOCKET;
  if (path === undefined || (!env.DOCKER_HOST && (await hasContext(env)))) return undefined;
  return { get: (question) => get(path, question, signal) };
}

async function hasContext(env: Readonly<NodeJS.ProcessEnv>): Promise<boolean> {
  if (env.DOCKER_CONTEXT) return env.DOCKER_CONTEXT !== 'default';
  try {
    const file = join(env.DOCKER_CONFIG ?? join(homedir(), '.docker'), 'config.json');
    const { currentContext } = JSON.parse(await readFile(file, 'utf8')) as { currentContext?: string };
    return currentContext !== undefined && currentContext !== '' && currentContext !== 'default';
  } catch (error) {
    // Most users have no such file. About one that cannot be read the command has its own opinion.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

async function get(socketPath: string, path: string, abort?: AbortSignal): Promise<unknown> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signal = abort === undefined ? timeout : AbortSignal.any([abort, timeout]);
  const asked = request({ socketPath, path, agent: false, signal });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  if (response.statusCode === 404) return undefined;
  if (response.statusCode === 200) return JSON.parse(text);
  throw new Error(`GET ${path} was answered with ${response.statusCode}: ${text.slice(0, 500)}`);
}
