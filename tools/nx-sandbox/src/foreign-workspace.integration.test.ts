import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { foreignWorkspace } from '../test/foreign-workspace.js';

it('snapshots a workspace that knows nothing of this one', async () => {
  await using workspace = await foreignWorkspace();
  const receipt = async (): Promise<{ imageId: string; commit: string; dirty: boolean; tree: string }> =>
    JSON.parse(await readFile(join(workspace.dir, 'packages/box/image.json'), 'utf8'));

  await workspace.nx('run', 'box:snapshot');
  const first = await receipt();
  expect(first).toMatchObject({ dirty: false });
  const { stdout } = await execa('docker', [
    'image',
    'inspect',
    '--format',
    '{{.Id}}',
    `${workspace.imageName}:local`,
  ]);
  expect(stdout).toBe(first.imageId);

  expect(await workspace.nx('run', 'box:snapshot')).toContain('found on the engine');
  expect(await receipt()).toEqual(first);

  await execa('docker', ['rmi', '--force', first.imageId]);
  expect(await workspace.nx('run', 'box:snapshot')).toContain('built in');

  await workspace.write({ 'packages/other/source.txt': 'edited' });
  await workspace.nx('run', 'box:snapshot');
  expect(await receipt()).toMatchObject({ dirty: true, commit: first.commit });
  await workspace.nx('run', 'box:snapshot', '--ref=main');
  expect(await receipt()).toMatchObject({ dirty: false, commit: first.commit, tree: first.tree });
});

it('tests an image again only when it changes, and is affected by every file', async () => {
  await using workspace = await foreignWorkspace();
  expect(await workspace.nx('run', 'box:test')).toContain('checked ');
  expect(await workspace.nx('run', 'box:test')).toMatch(/local cache|existing outputs match the cache/);
  await workspace.write({ 'README.md': 'belongs to no project\n' });
  await workspace.commit('edit a file of no project');
  const output = await workspace.nx('run', 'box:test');
  expect(output).toContain('checked ');
  expect(output).not.toMatch(/local cache|existing outputs match the cache/);
  expect(await workspace.nx('show', 'projects', '--affected', '--base=HEAD~1', '--head=HEAD')).toBe('box');
  expect(await workspace.nx('affected', '-t', 'snapshot', '--base=HEAD~1', '--head=HEAD')).toContain(
    'Successfully ran target',
  );
});
