import { type Capabilities, defineProvider } from '@iterate/sandbox-provider';
import { daytonaConfigSchema, findDaytonaAccess } from './daytona-access.js';
import { DaytonaDriver } from './daytona-driver.js';
import { daytonaExtraSchema } from './daytona-extra.js';
import { DaytonaSdk } from './daytona-sdk.js';

const capabilities: Capabilities = {
  // The service pauses virtual machines only, not the containers that snapshots of images are.
  pause: false,
  snapshot: true,
  stats: false,
  setLabels: true,
  expiry: true,
  // They belong to the snapshot and cannot be changed for one sandbox of it.
  resources: false,
  tty: true,
  stdin: true,
  images: true,
};

/**
 * Sandboxes on Daytona. `image` is the name of a snapshot.
 *
 * @example
 * await using connection = await daytonaProvider.connect({});
 * await using sandbox = await connection.create({ image: 'prd--20260102-030405' });
 * console.log((await sandbox.exec(['uname', '-a'])).stdout);
 */
export const daytonaProvider = defineProvider({
  name: 'daytona',
  configSchema: daytonaConfigSchema,
  extraSchema: daytonaExtraSchema,
  capabilities,
  async connect(config) {
    const driver = new DaytonaDriver(new DaytonaSdk(findDaytonaAccess(config)));
    await driver.ping();
    return driver;
  },
});
