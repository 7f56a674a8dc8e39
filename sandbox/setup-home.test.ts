import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = join(import.meta.dirname, 'setup-home.sh');
let dir: string;
let home: string;
let skeleton: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'setup-home-'));
  home = join(dir, 'home');
  skeleton = join(dir, 'skeleton');
  await mkdir(home);
  await put(skeleton, '.config/tool/config.json', 'v1');
  await put(skeleton, 'AGENTS.md', 'guide');
});

afterEach(() => rm(dir, { recursive: true, force: true }));

async function put(root: string, name: string, content: string): Promise<void> {
  const path = join(root, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

const setup = (from = skeleton) => execa(script, [from], { env: { HOME: home } });
const read = (name: string) => readFile(join(home, name), 'utf8');
const exists = (name: string) =>
  stat(join(home, name)).then(
    () => true,
    () => false,
  );

it('copies every file, and again changes nothing', async () => {
  await setup();
  expect(await read('.config/tool/config.json')).toBe('v1');
  const before = await stat(join(home, 'AGENTS.md'));
  await setup();
  expect((await stat(join(home, 'AGENTS.md'))).ino).toBe(before.ino);
  expect(await readdir(home)).toEqual(expect.arrayContaining(['.config', '.iterate', 'AGENTS.md']));
  expect((await readdir(home)).sort()).toEqual(['.config', '.iterate', 'AGENTS.md']);
});

it('keeps the executable bit, and follows it when it changes', async () => {
  await put(skeleton, 'bin/run', '#!/bin/sh\n');
  await chmod(join(skeleton, 'bin/run'), 0o755);
  await setup();
  expect((await stat(join(home, 'bin/run'))).mode & 0o777).toBe(0o755);
  expect((await stat(join(home, 'AGENTS.md'))).mode & 0o777).toBe(0o644);
  await chmod(join(skeleton, 'bin/run'), 0o644);
  await setup();
  expect((await stat(join(home, 'bin/run'))).mode & 0o777).toBe(0o644);
});

it('replaces its own files when the skeleton changes', async () => {
  await setup();
  await put(skeleton, 'AGENTS.md', 'guide 2');
  await setup();
  expect(await read('AGENTS.md')).toBe('guide 2');
  expect(await exists('AGENTS.md.bak')).toBe(false);
});

it('removes its own files that the skeleton drops, and directories they leave empty', async () => {
  await put(home, '.config/mine', 'mine');
  await setup();
  await rm(join(skeleton, '.config'), { recursive: true });
  await setup();
  expect(await exists('.config/tool')).toBe(false);
  expect(await read('.config/mine')).toBe('mine');
  expect(await read('AGENTS.md')).toBe('guide');
});

describe('the files of the user', () => {
  it('never touches secrets, nor files it did not install', async () => {
    await put(home, '.iterate/.env', 'KEY=secret');
    await put(home, '.config/tool/other.json', 'other');
    await setup();
    await rm(join(skeleton, '.config'), { recursive: true });
    await setup();
    expect(await read('.iterate/.env')).toBe('KEY=secret');
    expect(await read('.config/tool/other.json')).toBe('other');
  });

  it('keeps a copy of a file that stood where one goes', async () => {
    await put(home, 'AGENTS.md', 'my own');
    await setup();
    expect(await read('AGENTS.md')).toBe('guide');
    expect(await read('AGENTS.md.bak')).toBe('my own');
  });

  it('leaves an edit alone until the skeleton has a new version, and then keeps a copy', async () => {
    await setup();
    await put(home, 'AGENTS.md', 'edited');
    await setup();
    expect(await read('AGENTS.md')).toBe('edited');
    await put(skeleton, 'AGENTS.md', 'guide 2');
    await setup();
    expect(await read('AGENTS.md')).toBe('guide 2');
    expect(await read('AGENTS.md.bak')).toBe('edited');
  });

  it('does not remove an edited file that the skeleton drops', async () => {
    await setup();
    await put(home, 'AGENTS.md', 'edited');
    await rm(join(skeleton, 'AGENTS.md'));
    await setup();
    expect(await read('AGENTS.md')).toBe('edited');
  });

  it('brings back a file that was deleted', async () => {
    await setup();
    await rm(join(home, 'AGENTS.md'));
    await setup();
    expect(await read('AGENTS.md')).toBe('guide');
  });

  it('replaces a symlink, not what it points to', async () => {
    await put(dir, 'elsewhere', 'elsewhere');
    await symlink(join(dir, 'elsewhere'), join(home, 'AGENTS.md'));
    await setup();
    expect(await read('AGENTS.md')).toBe('guide');
    expect(await readFile(join(dir, 'elsewhere'), 'utf8')).toBe('elsewhere');
  });

  it('a manifest that names files outside the home removes none of them', async () => {
    await setup();
    await put(dir, 'outside', 'x');
    const digest = (await execa('sha256sum', [join(dir, 'outside')])).stdout.split(' ')[0];
    await put(home, '.iterate/home-manifest', `${digest} ../outside\n${digest} ${join(dir, 'outside')}\n`);
    await setup();
    expect(await readFile(join(dir, 'outside'), 'utf8')).toBe('x');
  });
});

it('refuses a skeleton that would write where secrets live', async () => {
  await put(skeleton, '.iterate/.env', 'KEY=x');
  await expect(setup()).rejects.toThrow(/must not contain \.iterate/);
});

it('refuses a skeleton that is not there', async () => {
  await expect(setup(join(dir, 'nowhere'))).rejects.toThrow(/no skeleton/);
});

it.runIf(process.getuid?.() === 0)("gives files in somebody else's home to that home's owner", async () => {
  await execa('chown', ['1234:1234', home]);
  await setup();
  for (const name of ['.config', '.config/tool/config.json', '.iterate/home-manifest', 'AGENTS.md']) {
    expect((await stat(join(home, name))).uid).toBe(1234);
  }
});

it("installs the product's own skeleton", async () => {
  await execa(script, [], { env: { HOME: home } });
  for (const name of ['.claude/settings.json', '.config/opencode/opencode.json', '.pi/agent/settings.json']) {
    expect(JSON.parse(await read(name))).toBeTypeOf('object');
  }
  expect((await execa('git', ['config', '--global', '--list'], { env: { HOME: home } })).stdout).toContain(
    'init.defaultbranch=main',
  );
  const path = await execa('bash', ['-lc', 'echo $PATH'], { env: { HOME: home } });
  expect(path.stdout).toContain(`${home}/.local/bin`);
});
