import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeScratchDir, sweepScratchDirs } from './scratch-dir.js';

const before = process.env.TMPDIR;
let tmp: string;
beforeEach(async () => {
  tmp = await mkdtemp(join(tmpdir(), 'scratch-dir-test-'));
  process.env.TMPDIR = tmp;
});
afterEach(async () => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  await rm(tmp, { recursive: true, force: true });
});

/** A process of its own that holds a directory until it is killed. */
async function holder() {
  const script = `import { makeScratchDir } from ${JSON.stringify(new URL('scratch-dir.ts', import.meta.url).href)};
    console.log((await makeScratchDir()).dir); setInterval(() => {}, 1000);`;
  const subprocess = execa(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    reject: false,
    buffer: false,
  });
  const [dir] = (await subprocess.stdout[Symbol.asyncIterator]().next()).value.toString().trim().split('\n');
  return {
    dir: String(dir),
    async kill() {
      subprocess.kill('SIGKILL');
      await subprocess;
    },
  };
}

it('removes what a killed process left, and nothing of one that runs', async () => {
  const dead = await holder();
  const alive = await holder();
  try {
    await writeFile(join(dead.dir, 'file'), 'content');
    await sweepScratchDirs();
    expect([dead.dir, alive.dir].map(existsSync)).toEqual([true, true]);
    await dead.kill();
    await sweepScratchDirs();
    expect([dead.dir, alive.dir].map(existsSync)).toEqual([false, true]);
  } finally {
    await alive.kill();
  }
});

it('knows a process id that was given out again, and leaves what others own', async () => {
  await using mine = await makeScratchDir();
  const reused = basename(mine.dir).replace(/-(\d+)-[^-]+$/, '-1-abc');
  const elsewhere = basename(mine.dir).replace(
    /^sandbox-image-[0-9a-f]+-\d+-/,
    'sandbox-image-00000000-999999999-',
  );
  const foreign = await Promise.all(
    [reused, elsewhere, 'sandbox-image-notes'].map(async (name) => {
      const dir = join(dirname(mine.dir), name);
      await writeFile(dir, '');
      return dir;
    }),
  );
  await sweepScratchDirs();
  expect(foreign.map(existsSync)).toEqual([false, true, true]);
  expect(existsSync(mine.dir)).toBe(true);
});
