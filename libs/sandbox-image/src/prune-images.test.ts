import { expect, it } from 'vitest';
import type { ImageInfo } from './list-images.js';
import { planPrune } from './prune-images.js';

const image = (id: string, branch: string | undefined, usedBy: string[] = []): ImageInfo => ({
  id,
  name: 'app',
  key: id,
  tree: id,
  commit: id,
  ...(branch ? { branch } : {}),
  dirty: false,
  tags: [],
  platform: 'linux/amd64',
  created: '2026-01-01T00:00:00Z',
  size: 1,
  usedBy,
});

it('keeps the newest of each branch and everything in use', () => {
  const images = [
    image('m1', 'main'),
    image('m2', 'main'),
    image('m3', 'main', ['box']),
    image('m4', 'main'),
    image('t1', 'topic'),
    image('d1', undefined),
    image('d2', undefined),
  ];
  const ids = (keep: number): string[] => planPrune(images, keep).removed.map(({ id }) => id);
  expect(ids(1)).toEqual(['m2', 'm4', 'd2']);
  expect(ids(0)).toEqual(['m1', 'm2', 'm4', 't1', 'd1', 'd2']);
  expect(ids(4)).toEqual([]);
  expect(planPrune(images, 1).kept.map(({ image: { id }, reason }) => [id, reason])).toEqual([
    ['m1', 'recent'],
    ['m3', 'in use'],
    ['t1', 'recent'],
    ['d1', 'recent'],
  ]);
});
