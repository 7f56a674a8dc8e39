import { spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../run-command.mjs';
import { StepError } from '../step-error.mjs';
import { canInstallPackages, installPackages, onPath } from './debian.mjs';

const START_TIMEOUT_MS = 60_000;
const PING_TIMEOUT_MS = 3_000;
const DOCKERD_LOG = '/var/log/dockerd.log';
const LOG_TAIL_LINES = 15;
/** Where an engine notes its processes, with the program that each must be. */
const PID_FILES = {
  '/var/run/docker.pid': 'dockerd',
  '/var/run/docker/containerd/containerd.pid': 'containerd',
};

/**
 * Makes sure that a Docker engine answers: uses the one that is there, else (as root on Debian or Ubuntu)
 * installs and starts one.
 *
 * @param {{ report: (detail: string) => void }} context
 * @returns {Promise<string>} A note for the display.
 * @throws {StepError} Where it may not install one: says what to install.
 */
export async function ensureEngine({ report }) {
  const version = await engineVersion();
  if (version) return `Docker ${version}`;
  if (process.env.DOCKER_HOST) {
    throw new StepError(`No Docker engine answers at DOCKER_HOST=${process.env.DOCKER_HOST}`, {
      wayOut: 'Start that engine, or unset DOCKER_HOST to use the one of this machine.',
    });
  }
  if (!onPath('dockerd')) {
    if (!canInstallPackages()) throw new StepError('No Docker engine answers', { wayOut: installAdvice() });
    await installPackages(['docker.io'], report);
  }
  if (process.getuid?.() !== 0) {
    throw new StepError('A Docker engine is installed but does not answer', {
      wayOut:
        'Start it ("sudo systemctl start docker") and let your user use it ("sudo usermod -aG docker $USER", then log in again).',
    });
  }
  report('starting dockerd');
  return `Docker ${await startEngine(report)}, started`;
}

/** @returns {Promise<string | undefined>} The version of the engine that answers. */
async function engineVersion() {
  const host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  const url = new URL(host.replace(/^tcp:/, 'http:'));
  const target =
    url.protocol === 'unix:' ? { socketPath: url.pathname } : { host: url.hostname, port: url.port || 2375 };
  return new Promise((resolve) => {
    const ping = request({ ...target, path: '/version', timeout: PING_TIMEOUT_MS }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve(response.statusCode === 200 ? JSON.parse(body).Version : undefined));
    });
    ping.on('timeout', () => ping.destroy(new Error('timeout')));
    // No answer is the answer: the caller installs or explains.
    ping.on('error', () => resolve(undefined));
    ping.end();
  });
}

/**
 * @param {(detail: string) => void} report
 * @returns {Promise<string>} The version of the engine that it started.
 */
async function startEngine(report) {
  if (existsSync('/run/systemd/system')) {
    await runCommand('systemctl', ['start', 'docker'], { wayOut: 'See "journalctl -u docker".' });
    return waitForEngine(new AbortController().signal);
  }
  await mountControlGroups(report);
  removeStalePidFiles();
  const log = openSync(DOCKERD_LOG, 'a');
  const engine = spawn('dockerd', [], { detached: true, stdio: ['ignore', log, log] });
  const ended = new AbortController();
  engine.once('error', (cause) => ended.abort(cause));
  engine.once('exit', () => ended.abort());
  engine.unref();
  return waitForEngine(ended.signal);
}

/**
 * Where systemd does not, somebody has to mount the control groups that dockerd needs.
 *
 * @param {(detail: string) => void} report
 */
async function mountControlGroups(report) {
  if (existsSync('/sys/fs/cgroup/cgroup.controllers') || existsSync('/sys/fs/cgroup/devices')) return;
  if (!onPath('cgroupfs-mount') && canInstallPackages()) await installPackages(['cgroupfs-mount'], report);
  if (onPath('cgroupfs-mount')) await runCommand('cgroupfs-mount', []);
}

/** An engine that was killed leaves pid files, and dockerd does not start while another program has such a pid. */
function removeStalePidFiles() {
  for (const [file, program] of Object.entries(PID_FILES)) {
    if (!existsSync(file)) continue;
    const comm = `/proc/${readFileSync(file, 'utf8').trim()}/comm`;
    if (!existsSync(comm) || readFileSync(comm, 'utf8').trim() !== program) rmSync(file);
  }
}

/** @param {AbortSignal} ended Aborted when the engine that was started has ended. */
async function waitForEngine(ended) {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const version = await engineVersion();
    if (version) return version;
    if (ended.aborted) {
      const output = readFileSync(DOCKERD_LOG, 'utf8')
        .trimEnd()
        .split('\n')
        .slice(-LOG_TAIL_LINES)
        .join('\n');
      throw new StepError('dockerd ended at once', {
        wayOut: `Its whole log: ${DOCKERD_LOG}`,
        output,
        cause: ended.reason,
      });
    }
    await sleep(200);
  }
  throw new StepError(`No Docker engine answered within ${START_TIMEOUT_MS / 1000} s`, {
    wayOut: `The log of the one that was started tells why: ${DOCKERD_LOG}, or "journalctl -u docker" with systemd.`,
  });
}

function installAdvice() {
  if (process.platform === 'darwin')
    return 'Install and start Docker Desktop, OrbStack or colima, then run this again.';
  if (process.platform === 'linux' && onPath('apt-get')) {
    return 'Run "sudo apt-get install docker.io && sudo usermod -aG docker $USER", log in again, then run this again.';
  }
  return 'Install a Docker engine (version 20.10 or newer) for this system and start it, then run this again.';
}
