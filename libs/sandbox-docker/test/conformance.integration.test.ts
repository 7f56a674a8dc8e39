import { testProvider } from '@iterate/sandbox-provider/conformance';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { dockerProvider } from '../src/docker-provider.js';
import { image } from './test-image.js';

testProvider(
  { provider: dockerProvider, config: { podman: true }, image, missingImage: 'iterate-no-such-image:none' },
  { afterAll, beforeAll, describe, it },
);
