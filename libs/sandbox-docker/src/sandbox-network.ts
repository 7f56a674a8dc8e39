import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { statusCode } from './docker-error.js';
import { SANDBOX_LABEL } from './docker-labels.js';

/** Name of the bridge that all sandboxes share. */
export const SANDBOX_NETWORK = 'iterate-sandbox';

/**
 * Name of its interface on the engine's machine. An engine allows several networks of one name, made at the
 * same time, which makes the name useless; it allows one network per interface.
 */
const BRIDGE_INTERFACE = 'br-iterate-sbx';

/** How often a step is repeated that another process may have come in the way of: for 5 s. */
const ATTEMPTS = 100;
const RETRY_MS = 50;

/**
 * Makes sure of the network on which sandboxes reach the outside and the host but not each other. One for
 * all: an engine has room for about thirty networks, and for thousands of containers in one.
 */
export async function ensureSandboxNetwork(docker: Docker): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    if (await networkExists(docker)) return;
    try {
      await docker.createNetwork({
        Name: SANDBOX_NETWORK,
        Driver: 'bridge',
        CheckDuplicate: true,
        Labels: { [SANDBOX_LABEL]: 'network' },
        Options: {
          'com.docker.network.bridge.name': BRIDGE_INTERFACE,
          'com.docker.network.bridge.enable_icc': 'false',
        },
      });
      return;
    } catch (error) {
      // Another process makes it, or removes it, right now.
      if (attempt === ATTEMPTS) throw error;
    }
    await sleep(RETRY_MS);
  }
}

/** Starts a container, with the network if that was removed since the container was made. */
export async function startOnNetwork(docker: Docker, start: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await start();
      return;
    } catch (error) {
      if (!isMissingNetwork(error) || attempt === ATTEMPTS) throw error;
    }
    await ensureSandboxNetwork(docker);
  }
}

/** Removes the network once no sandbox, running or not, is attached to it. */
export async function releaseSandboxNetwork(docker: Docker): Promise<void> {
  const attached = await docker.listContainers({ all: true, filters: { network: [SANDBOX_NETWORK] } });
  if (attached.length > 0) return;
  try {
    await docker.getNetwork(SANDBOX_NETWORK).remove();
  } catch (error) {
    // 404: gone already. 403: a sandbox was attached in between and keeps it.
    const status = statusCode(error);
    if (status !== 404 && status !== 403) throw error;
  }
}

async function networkExists(docker: Docker): Promise<boolean> {
  try {
    await docker.getNetwork(SANDBOX_NETWORK).inspect();
    return true;
  } catch (error) {
    if (statusCode(error) !== 404) throw error;
    return false;
  }
}

function isMissingNetwork(error: unknown): boolean {
  return statusCode(error) === 404 && error instanceof Error && /network \S+ not found/i.test(error.message);
}
