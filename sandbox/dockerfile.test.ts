import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const dockerfile = await readFile(join(import.meta.dirname, 'Dockerfile'), 'utf8');

it('installs the pnpm that package.json pins', async () => {
  const manifest = await readFile(join(import.meta.dirname, '../package.json'), 'utf8');
  const { packageManager } = JSON.parse(manifest) as { packageManager: string };
  expect(dockerfile).toContain(`ENV SANDBOX_PNPM_VERSION=${packageManager.replace('pnpm@', '')}\n`);
});

it.each(['OPENCODE', 'CLAUDE_CODE', 'PI_CODING_AGENT', 'BUN'])('pins an exact version of %s', (agent) => {
  expect(dockerfile).toMatch(new RegExp(`^ENV SANDBOX_${agent}_VERSION=\\d+\\.\\d+\\.\\d+$`, 'm'));
});
