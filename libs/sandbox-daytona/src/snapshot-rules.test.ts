import { describe, expect, it } from 'vitest';
import { checkImageReference, checkSnapshotName } from './snapshot-rules.js';

const digest = `sha256:${'a'.repeat(64)}`;
const invalid = expect.objectContaining({ code: 'InvalidSpec' });

describe('checkImageReference', () => {
  it.each(['debian:12', 'localhost:5000/a/b:1.2', `r.example/a@${digest}`, `r.example/a:latest@${digest}`])(
    'takes %s',
    (image) => checkImageReference(image),
  );
  it.each([
    '',
    'debian',
    'debian:',
    'debian:latest',
    'localhost:5000/a',
    'r.example/a:stable',
    'a:lts',
    'a b:1',
  ])('refuses %j before anything is sent', (image) =>
    expect(() => checkImageReference(image)).toThrow(invalid),
  );
});

describe('checkSnapshotName', () => {
  it.each(['prd--20260102-030405', 'a/b:c', `a@${digest}`])('takes %s', (name) => checkSnapshotName(name));
  it.each(['', 'a b', '/a', 'a/', 'a//b', 'a@b', 'ä'])('refuses %j', (name) =>
    expect(() => checkSnapshotName(name)).toThrow(invalid),
  );
});
