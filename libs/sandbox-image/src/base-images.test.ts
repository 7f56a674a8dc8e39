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
  const images = readBaseImages(MULTI_STAGE);
  expect(images.references({})).toEqual(['node:24-slim', 'nginx:1.29']);
  expect(['NODE', 'BASE_IMAGE', 'LATER'].map(images.takes)).toEqual([true, true, false]);
});

it('takes build arguments before defaults, and only those that are declared before FROM', () => {
  const { references } = readBaseImages(MULTI_STAGE);
  expect(references({ NODE: '26', LATER: 'x' })).toEqual(['node:26-slim', 'nginx:1.29']);
  expect(references({ BASE_IMAGE: 'mine:1' })).toEqual(['mine:1', 'nginx:1.29']);
  expect(readBaseImages('FROM $UNDECLARED\n').references({ UNDECLARED: 'x' })).toEqual([]);
  expect(readBaseImages(`ARG TAG\nFROM node:\${TAG:-24} AS node\n`).references({})).toEqual(['node:24']);
});
