import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { plainBuild } from './build-display.js';

it('tells a build in lines', () => {
  const lines: string[] = [];
  const display = plainBuild((line) => lines.push(stripVTControlCharacters(line)));
  const step = { type: 'step', step: 3, name: '[1/2] RUN make' } as const;
  display.event({
    type: 'resolved',
    commit: 'c'.repeat(40),
    tree: 't'.repeat(40),
    dirty: true,
    branch: 'main',
  });
  display.event({ type: 'building', key: 'k', logFile: '/logs/build.log', command: 'classic' });
  display.event({ ...step, state: 'running' });
  display.event({ type: 'log', step: 3, name: step.name, text: 'compiling' });
  display.event({ ...step, state: 'done', seconds: 1.25 });
  display.event({ ...step, step: 4, name: '[2/2] RUN test', state: 'cached' });
  display.event({ type: 'built', imageId: 'sha256:1', seconds: 2 });
  display.end();
  expect(lines).toEqual([
    `commit ${'c'.repeat(12)} on main, with uncommitted changes`,
    'log /logs/build.log',
    '▸ [1/2] RUN make',
    '    compiling',
    '✔ [1/2] RUN make 1.3 s',
    '✔ [2/2] RUN test cached',
    '✔ built in 2.0 s',
  ]);
});
