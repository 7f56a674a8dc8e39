import { expect, it } from 'vitest';
import { readBaseImages } from './base-images.js';

const MULTI_STAGE = `
# syntax=docker/dockerfile:1
ARG NODE=24
ARG BASE_IMAGE=node:\${NODE}-slim
FROM \${BASE_IMAGE} AS tools
RUN true
FROM tools AS build
COPY --from=tools /a /a
COPY --from=0 /a /b
COPY --from=nginx:1.29 /etc/nginx /nginx
FROM --platform=linux/amd64 scratch
ARG LATER=1
COPY --from=build /a /a
`;

it('lists the images from outside, with arguments filled in', () => {
  expect(readBaseImages(MULTI_STAGE)).toEqual({
    references: ['node:24-slim', 'nginx:1.29'],
    args: { NODE: '24', BASE_IMAGE: 'node:24-slim' },
  });
});

it('takes build arguments before defaults, and only those that are declared before FROM', () => {
  expect(readBaseImages(MULTI_STAGE, { NODE: '26', LATER: 'x' }).references).toEqual([
    'node:26-slim',
    'nginx:1.29',
  ]);
  expect(readBaseImages(MULTI_STAGE, { BASE_IMAGE: 'mine:1' }).references).toEqual(['mine:1', 'nginx:1.29']);
  expect(readBaseImages('FROM $UNDECLARED\n', { UNDECLARED: 'x' }).references).toEqual([]);
  expect(readBaseImages(`ARG TAG\nFROM node:\${TAG:-24} AS node\n`).references).toEqual(['node:24']);
});
