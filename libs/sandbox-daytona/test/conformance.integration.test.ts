import { posixCommands, testProvider } from '@iterate/sandbox-provider/conformance';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { daytonaProvider } from '../src/daytona-provider.js';
import { DaytonaSdk } from '../src/daytona-sdk.js';
import { SnapshotClient } from '../src/snapshot-client.js';
import { startService } from './daytona-service.js';
import { importMachineImage } from './machine-image.js';

const service = await startService();
const image = await importMachineImage();
const config = { apiUrl: service.apiUrl, apiKey: service.apiKey, target: 'us' };
const sdk = new DaytonaSdk(config);
const snapshot = `conformance--${image.reference.slice(-12)}`;
const snapshots = new SnapshotClient(sdk);
await snapshots.create({
  name: snapshot,
  image: image.reference,
  entrypoint: ['/bin/sh', '-c', 'sleep infinity'],
});

afterAll(async () => {
  await snapshots.remove(snapshot);
  await sdk[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
  await image[Symbol.asyncDispose]();
});

testProvider(
  {
    provider: daytonaProvider,
    config,
    image: snapshot,
    missingImage: 'no-such-snapshot',
    commands: {
      serve: (port, text) => [process.execPath, ...posixCommands.serve(port, text).slice(1)],
    },
  },
  { afterAll, beforeAll, describe, it },
);
