import { expect, it } from 'vitest';
import { imageKey, type KeyInputs } from './image-key.js';

const INPUTS: KeyInputs = {
  tree: '1'.repeat(40),
  dockerfile: 'Dockerfile',
  bases: [{ reference: 'node:24', id: 'sha256:aa' }],
  buildArgs: { A: '1', B: '2' },
  platform: 'linux/amd64',
};

it('is the same for the same inputs, whatever the order of arguments', () => {
  expect(imageKey({ ...INPUTS, buildArgs: { B: '2', A: '1' } })).toBe(imageKey(INPUTS));
  expect(imageKey(INPUTS)).toMatch(/^[0-9a-f]{64}$/);
});

it.each<[string, Partial<KeyInputs>]>([
  ['tree', { tree: '2'.repeat(40) }],
  ['Dockerfile', { dockerfile: 'sandbox/Dockerfile' }],
  ['target', { target: 'tools' }],
  ['id of a base', { bases: [{ reference: 'node:24', id: 'sha256:bb' }] }],
  ['value of an argument', { buildArgs: { A: '1', B: '3' } }],
  ['platform', { platform: 'linux/arm64' }],
])('differs with the %s', (_, change) => {
  expect(imageKey({ ...INPUTS, ...change })).not.toBe(imageKey(INPUTS));
});
