import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { SandboxImageError } from './sandbox-image-error.js';

/** A command line that builds with BuildKit. */
export interface BuildCli {
  /** Which strategy found it, for the log. */
  kind: 'buildx' | 'classic' | 'standalone-buildx';
  file: string;
  /** What goes before the options of `build`. */
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}

/** One way to build; `undefined` means that this executable does not offer it. */
interface Strategy {
  executable: string;
  find(file: string): Promise<BuildCli | undefined>;
}

const STRATEGIES: readonly Strategy[] = [
  {
    executable: 'docker',
    async find(file) {
      const version = await answer(file, ['buildx', 'version']);
      return version === undefined ? undefined : buildx('buildx', file, ['buildx', 'build'], version);
    },
  },
  {
    // From 23 on the client needs the buildx plugin for BuildKit; before, it speaks to the engine's own.
    executable: 'docker',
    async find(file) {
      const version = await answer(file, ['version', '--format', '{{.Client.Version}}']);
      const major = Number(version?.split('.')[0]);
      if (!(major >= 19 && major < 23)) return undefined;
      return { kind: 'classic', file, args: ['build'], env: { DOCKER_BUILDKIT: '1' } };
    },
  },
  {
    executable: 'docker-buildx',
    async find(file) {
      const version = await answer(file, ['version']);
      return version === undefined ? undefined : buildx('standalone-buildx', file, ['build'], version);
    },
  },
];

/**
 * Finds a command that can build with BuildKit. Every executable on PATH is asked, since a newer docker without
 * its buildx plugin may hide an older one that works.
 */
export async function findBuildCli(path: string = process.env.PATH ?? ''): Promise<BuildCli> {
  const tried: string[] = [];
  for (const strategy of STRATEGIES) {
    for (const file of executables(strategy.executable, path)) {
      const found = await strategy.find(file);
      if (found) return found;
      tried.push(file);
    }
  }
  const seen =
    tried.length > 0 ? `none of ${[...new Set(tried)].join(', ')} can` : 'there is no docker on PATH';
  throw new SandboxImageError(
    'BUILDKIT_MISSING',
    `Building needs a docker command that speaks BuildKit, and ${seen}. ` +
      'Install the buildx plugin (docker-buildx-plugin, or docker-buildx), or on Debian 12 the package docker.io.',
    { details: { tried: [...new Set(tried)] } },
  );
}

function buildx(kind: BuildCli['kind'], file: string, args: string[], versionText: string): BuildCli {
  const [major, minor] = (/v?(\d+)\.(\d+)/.exec(versionText) ?? []).slice(1).map(Number);
  // Attestations turn the image into an index whose digest differs at every build; older versions make none.
  const attests = Number(major) > 0 || Number(minor) >= 10;
  return {
    kind,
    file,
    args: [...args, '--load', ...(attests ? ['--provenance=false', '--sbom=false'] : [])],
    env: {},
  };
}

function executables(name: string, path: string): string[] {
  const files = path
    .split(delimiter)
    .filter((dir) => dir !== '')
    .map((dir) => join(dir, name));
  return [...new Set(files)].filter((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

async function answer(file: string, args: readonly string[]): Promise<string | undefined> {
  const result = await execa(file, args, { stdin: 'ignore', reject: false, timeout: 10_000 });
  // `docker version` prints the client's half even when no engine answers.
  return result.stdout && (result.exitCode === 0 || args[0] === 'version') ? result.stdout : undefined;
}
