import { describe, expect, it } from 'vitest';
import { checkImageReference, checkSnapshotName, hasRegistryHost } from './image-reference.js';

const digest = `sha256:${'0'.repeat(64)}`;

describe('references', () => {
  it.each(['a:1', 'localhost:5000/a:1', `a@${digest}`])('takes %s', (image) => checkImageReference(image));
  it.each(['a', 'a:latest', 'localhost:5000/a', 'a b:1'])('refuses %s with 400', (image) =>
    expect(() => checkImageReference(image)).toThrow(expect.objectContaining({ status: 400 })),
  );
  it('tells a registry by its host', () => {
    const hosts = ['127.0.0.1:5000/a:1', 'registry.example/a/b:1', 'localhost/a:1'];
    expect(hosts.map(hasRegistryHost)).toEqual([true, true, true]);
    expect(['debian:12', 'library/debian:12'].map(hasRegistryHost)).toEqual([false, false]);
  });
});

describe('names', () => {
  it.each(['prd--1', 'a/b:c', `a@${digest}`])('takes %s', (name) => checkSnapshotName(name));
  it.each(['', 'a b', '/a', 'a/'])('refuses %j with 400', (name) =>
    expect(() => checkSnapshotName(name)).toThrow(expect.objectContaining({ status: 400 })),
  );
});
