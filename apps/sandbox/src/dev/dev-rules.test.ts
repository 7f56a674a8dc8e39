import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { actionsFor, readDevRules } from './dev-rules.js';

const rules = await readDevRules(
  fileURLToPath(new URL('../../../../sandbox/sandbox.config.json', import.meta.url)),
);
const nothing = { run: [], restart: [], reload: false, restartSandbox: false, notes: [] };

it.each([
  ['apps/daemon/src/server.ts', { restart: ['iterate-daemon'] }],
  ['apps/daemon/src/config.test.ts', {}],
  ['apps/daemon/migrations/0002_more.sql', { run: ['db-migrate'], restart: ['iterate-daemon'] }],
  ['sandbox/egress-proxy-addon.py', { restart: ['egress-proxy'] }],
  ['sandbox/pidnap.config.ts', { reload: true }],
  ['libs/pidnap/src/cli.ts', { restartSandbox: true }],
  ['libs/egress/src/index.ts', {}],
  ['README.md', {}],
  ['.git/HEAD', {}],
])('knows what a change of %s asks for', (path, wanted) => {
  expect(actionsFor(rules, [path])).toEqual({ ...nothing, ...wanted });
});

it('asks for each thing once, and tells when the image is stale', () => {
  const paths = ['apps/daemon/src/api.ts', 'apps/daemon/src/server.ts', 'sandbox/Dockerfile'];
  expect(actionsFor(rules, paths)).toEqual({
    ...nothing,
    restart: ['iterate-daemon'],
    notes: [expect.stringContaining('sandbox up --build')],
  });
});
