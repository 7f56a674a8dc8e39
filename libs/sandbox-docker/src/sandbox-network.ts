import type Docker from 'dockerode';
import { statusCode } from './docker-error.js';
import { SANDBOX_LABEL } from './docker-labels.js';

/** Name of the bridge that all sandboxes share. */
export const SANDBOX_NETWORK = 'iterate-sandbox';

/**
 * Makes sure of the network on which sandboxes reach the outside and the host but not each other. One for
 * all: an engine has room for about thirty networks, and for thousands of containers in one.
 */
export async function ensureSandboxNetwork(docker: Docker): Promise<void> {
  try {
    await docker.getNetwork(SANDBOX_NETWORK).inspect();
    return;
  } catch (error) {
    if (statusCode(error) !== 404) throw error;
  }
  try {
    await docker.createNetwork({
      Name: SANDBOX_NETWORK,
      Driver: 'bridge',
      CheckDuplicate: true,
      Labels: { [SANDBOX_LABEL]: '1' },
      Options: { 'com.docker.network.bridge.enable_icc': 'false' },
    });
  } catch (error) {
    // Another process made it in between.
    if (statusCode(error) !== 409) throw error;
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
