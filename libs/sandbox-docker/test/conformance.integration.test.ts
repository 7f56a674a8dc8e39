import { testProvider } from '@iterate/sandbox-provider/conformance';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { dockerProvider } from '../src/docker-provider.js';
import { engine } from './engine.js';
import { importMachineImage } from './machine-image.js';

const { docker } = await engine();
const image = await importMachineImage(docker);
afterAll(() => image[Symbol.asyncDispose]());

testProvider(
  {
    provider: dockerProvider,
    config: {},
    image: image.reference,
    missingImage: 'iterate-no-such-image:none',
  },
  { afterAll, beforeAll, describe, it },
);
