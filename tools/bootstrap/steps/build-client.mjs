import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { StepError } from '../step-error.mjs';
import { canInstallPackages, installPackages } from './debian.mjs';

const run = promisify(execFile);

/**
 * Makes sure that some `docker` on PATH can build with BuildKit: one with buildx, or one older than 23,
 * which has it built in.
 *
 * @param {{ report: (detail: string) => void }} context
 */
export async function ensureBuildClient({ report }) {
  const found = await findBuildClient();
  if (found) return found;
  if (canInstallPackages()) {
    await installPackages(['docker.io'], report);
    const installed = await findBuildClient();
    if (installed) return `${installed}, installed`;
  }
  throw new StepError('No docker command on PATH can build with BuildKit', {
    wayOut: 'Install the buildx plugin of your docker client ("docker buildx version" must answer).',
  });
}

async function findBuildClient() {
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    const docker = join(dir, 'docker');
    if (existsSync(docker) && (await canBuild(docker))) return docker;
  }
  return undefined;
}

/** @param {string} docker */
async function canBuild(docker) {
  const buildx = await answer(docker, ['buildx', 'version']);
  if (buildx?.includes('buildx')) return true;
  const version = await answer(docker, ['version', '--format', '{{.Client.Version}}']);
  return version !== undefined && Number.parseInt(version, 10) < 23;
}

/**
 * @param {string} docker
 * @param {string[]} args
 * @returns {Promise<string | undefined>} `undefined` where this client cannot do that.
 */
async function answer(docker, args) {
  try {
    return (await run(docker, args)).stdout;
  } catch {
    return undefined;
  }
}
