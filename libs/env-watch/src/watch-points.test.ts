import { mkdirSync, symlinkSync } from 'node:fs';
import { expect, it } from 'vitest';
import { EnvDir } from '../test/env-dir.js';
import { watchPoints } from './watch-points.js';

function pointsOf(file: string) {
  return Object.fromEntries(
    [...watchPoints(file)].map(([directory, names]) => [directory, [...names].sort()]),
  );
}

it('is the directory of a plain file', () => {
  using dir = new EnvDir();
  dir.write('');
  expect(pointsOf(dir.file)).toEqual({ [dir.path]: ['.env'] });
});

it('is the nearest directory that exists while the path does not', () => {
  using dir = new EnvDir();
  expect(pointsOf(dir.at('a', 'b', '.env'))).toEqual({ [dir.path]: ['a'] });
  mkdirSync(dir.at('a'));
  expect(pointsOf(dir.at('a', 'b', '.env'))).toEqual({ [dir.at('a')]: ['b'] });
});

it('has every link of a Kubernetes volume and the directory behind it', () => {
  using dir = new EnvDir();
  mkdirSync(dir.at('..v1'));
  dir.write('', dir.at('..v1', '.env'));
  symlinkSync('..v1', dir.at('..data'));
  symlinkSync('..data/.env', dir.file);
  expect(pointsOf(dir.file)).toEqual({ [dir.path]: ['..data', '.env'], [dir.at('..v1')]: ['.env'] });
});

it('follows absolute links and ".." to the real directory', () => {
  using dir = new EnvDir();
  mkdirSync(dir.at('real'));
  mkdirSync(dir.at('use'));
  dir.write('', dir.at('real', 'x.env'));
  symlinkSync('../real/./x.env', dir.at('use', '.env'));
  symlinkSync(dir.at('use'), dir.at('alias'));
  expect(pointsOf(dir.at('alias', '.env'))).toEqual({
    [dir.path]: ['alias'],
    [dir.at('use')]: ['.env'],
    [dir.at('real')]: ['x.env'],
  });
});

it('ends on links that go round in a circle', () => {
  using dir = new EnvDir();
  symlinkSync('b', dir.at('a'));
  symlinkSync('a', dir.at('b'));
  expect(pointsOf(dir.at('a'))).toEqual({ [dir.path]: ['a', 'b'] });
});
