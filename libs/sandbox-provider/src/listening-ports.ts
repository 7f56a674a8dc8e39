import type { DriverSandbox } from './driver.js';
import { exec } from './exec.js';

const LISTEN_STATE = '0A';

/**
 * TCP ports on which something inside listens. A connection from outside proves nothing, since an engine's
 * port forwarder accepts before the program does.
 */
export async function listeningPorts(
  sandbox: Pick<DriverSandbox, 'spawn' | 'listeningPorts'>,
): Promise<readonly number[]> {
  if (sandbox.listeningPorts !== undefined) return sandbox.listeningPorts();
  const { stdout } = await exec(sandbox, 'cat /proc/net/tcp /proc/net/tcp6 2>/dev/null; true');
  return parseProcNetTcp(stdout);
}

/** The listening ports in the text of `/proc/net/tcp` and `/proc/net/tcp6`, each once. */
export function parseProcNetTcp(text: string): number[] {
  const ports = new Set<number>();
  for (const line of text.split('\n')) {
    const [, local, , state] = line.trim().split(/\s+/);
    const port = local?.split(':').at(1);
    if (state === LISTEN_STATE && port !== undefined) ports.add(Number.parseInt(port, 16));
  }
  return [...ports].sort((a, b) => a - b);
}
