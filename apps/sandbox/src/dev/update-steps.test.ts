import { expect, it } from 'vitest';
import { type UpdateStep, UpdateSteps } from './update-steps.js';

it('tells the time of each step that ran', () => {
  let now = 1000;
  const steps: UpdateStep[] = [];
  const reader = new UpdateSteps(
    (step) => steps.push(step),
    () => now,
  );
  now += 300;
  reader.read('prepare-repo: install skipped, nothing it depends on has changed\nprepare-repo: build-da');
  expect(reader.current).toBe('');
  now += 5;
  reader.read('emon\n> iterate-daemon build\n');
  expect(reader.current).toBe('build-daemon');
  now += 2000;
  reader.read('prepare-repo: check-config skipped, nothing it depends on has changed\n');
  now += 10;
  reader.end();
  expect(steps).toEqual([
    { name: 'sync', ms: 300 },
    { name: 'build-daemon', ms: 2000 },
  ]);
});
