import { spawnEmulator } from '@iterate/daytona-emulator';

/** Runs the tests against an emulator of their own, whatever the environment names. */
export default async function setUp(): Promise<() => Promise<void>> {
  const emulator = await spawnEmulator();
  Object.assign(process.env, emulator.env);
  for (const name of ['DAYTONA_SNAPSHOT_NAME', 'SANDBOX_ITERATE_REPO_REF', 'SANDBOX_IMAGE_REGISTRY'])
    delete process.env[name];
  return async () => emulator[Symbol.asyncDispose]();
}
