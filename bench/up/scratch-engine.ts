import { spawn } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

const BRIDGE = 'itbench0';
const SUBNET = '10.213.0.1/24';
const START_TIMEOUT_MS = 30_000;

/** A second Docker engine with nothing in it, beside the one of this machine. Needs root. */
export interface ScratchEngine extends AsyncDisposable {
  /** For `DOCKER_HOST`. */
  readonly host: string;
}

/** Starts it with a data directory and a bridge of its own; disposing removes both. */
export async function startScratchEngine(): Promise<ScratchEngine> {
  const dir = await mkdtemp('/var/tmp/iterate-bench-engine-');
  await execa('ip', ['link', 'add', BRIDGE, 'type', 'bridge']);
  await execa('ip', ['addr', 'add', SUBNET, 'dev', BRIDGE]);
  await execa('ip', ['link', 'set', BRIDGE, 'up']);
  const host = `unix://${join(dir, 'docker.sock')}`;
  const log = await open(join(dir, 'log'), 'a');
  const args = [
    ['--host', host],
    ['--data-root', join(dir, 'data')],
    ['--exec-root', join(dir, 'exec')],
    ['--pidfile', join(dir, 'pid')],
    ['--bridge', BRIDGE],
  ].flat();
  const engine = spawn('dockerd', args, { stdio: ['ignore', log.fd, log.fd] });
  const ended = new Promise<void>((resolve) => engine.once('exit', () => resolve()));
  const dispose = async () => {
    engine.kill('SIGTERM');
    await ended;
    await log.close();
    await execa('ip', ['link', 'delete', BRIDGE]);
    await rm(dir, { recursive: true, force: true });
  };
  const deadline = performance.now() + START_TIMEOUT_MS;
  while ((await execa('docker', ['--host', host, 'version'], { reject: false })).exitCode !== 0) {
    if (performance.now() > deadline) {
      await dispose();
      throw new Error(`dockerd did not answer within ${START_TIMEOUT_MS} ms`);
    }
    await sleep(100);
  }
  return { host, [Symbol.asyncDispose]: dispose };
}
