import { randomUUID } from 'node:crypto';
import { execa } from 'execa';
import { IMAGE_LABELS } from '../src/image-labels.js';
import { type TempRepository, tempDir, tempRepository } from './temp-repository.js';

/** A repository, a store and a name of images that nothing else on the engine has. */
export interface EngineFixture extends AsyncDisposable {
  repository: TempRepository;
  storeDir: string;
  name: string;
}

/** Runs docker as a person would. */
export async function docker(...args: string[]): Promise<string> {
  return (await execa('docker', args)).stdout;
}

/** Ids of all images of this name, the untagged ones too. */
export async function imageIds(name: string): Promise<string[]> {
  const ids = await docker(
    'images',
    '--no-trunc',
    '--quiet',
    '--filter',
    `label=${IMAGE_LABELS.name}=${name}`,
  );
  return [...new Set(ids.split('\n').filter((id) => id !== ''))];
}

/** The base that tools/bootstrap makes; a build step needs a shell. */
export const SHELL_BASE = 'iterate-sandbox-base:local';

export async function engineFixture(files: Readonly<Record<string, string>>): Promise<EngineFixture> {
  const repository = await tempRepository(files);
  const store = await tempDir('store');
  const name = `sandbox-image-test-${randomUUID().slice(0, 8)}`;
  return {
    repository,
    storeDir: store.path,
    name,
    async [Symbol.asyncDispose]() {
      const ids = await imageIds(name);
      if (ids.length > 0) await docker('rmi', '--force', ...ids);
      await store[Symbol.asyncDispose]();
      await repository[Symbol.asyncDispose]();
    },
  };
}
