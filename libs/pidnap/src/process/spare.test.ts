import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, readSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, isRunning, tempDir } from '../../test/test-manager.js';
import { createFifos, discardFifos, type Fifo } from '../logs/fifo.js';
import { type LaunchOptions, launchByFork } from './launch.js';
import { allProcStats, readProcFile } from './proc-stat.js';
import { Spare } from './spare.js';

let spare: Spare;
/** The groups that were told of and are not told to have ended. */
let known: Set<number>;
let dir: ReturnType<typeof tempDir>;
beforeEach(() => {
  known = new Set();
  spare = new Spare({
    calmMs: 0,
    onFork: (group) => known.add(group),
    onEnd: (group) => known.delete(group),
  });
  dir = tempDir();
});
afterEach(() => {
  spare.close();
  dir[Symbol.dispose]();
});

const awkward = { PATH: '/usr/bin:/bin', A: 'it\'s\n$HOME `id` \\ "x" *', PWD: '/elsewhere', OLDPWD: 'x' };

/** What a program sees of how it was started, as it prints it. */
async function seen(
  launch: (options: LaunchOptions) => ChildProcess,
  argv: [string, ...string[]],
  options: Partial<LaunchOptions> = {},
): Promise<{ text: string; child: ChildProcess; code: number | null }> {
  const [fifo] = (await createFifos(1)) as [Fifo];
  const fd = fifo.openWriter();
  const paths = [fifo.writerPath, fifo.writerPath] as const;
  const child = launch({ argv, cwd: dir.path, env: awkward, user: null, stdio: [fd, fd], paths, ...options });
  closeSync(fd);
  const [code] = (await once(child, 'exit')) as [number | null];
  const buffer = Buffer.alloc(65_536);
  // The writing side that the manager holds keeps it from its end: what has no output says EAGAIN.
  let text = '';
  try {
    text = buffer.toString('utf8', 0, readSync(fifo.readFd, buffer));
  } catch (error) {
    expect(error).toMatchObject({ code: 'EAGAIN' });
  }
  discardFifos([fifo]);
  return { text, child, code };
}

const isSpare = ({ spawnargs }: ChildProcess): boolean => spawnargs.join(' ') === '/bin/sh -s pidnap-spare';

/** The shell that waits now. */
const waiting = (): Promise<number> =>
  eventually(() => {
    const found = allProcStats().filter(
      ({ pid, ppid }) =>
        ppid === process.pid && readProcFile(pid, 'cmdline') === '/bin/sh\0-s\0pidnap-spare\0',
    );
    expect(found).toHaveLength(1);
    return found[0]?.pid as number;
  });

/** Starts anything, after which a spare is forked. */
async function prepare(): Promise<number> {
  expect(isSpare((await seen(spare.launch, ['/bin/true'])).child)).toBe(false);
  return waiting();
}

describe('Spare', () => {
  it('becomes the program, with the id that was known before, and is followed by another', async () => {
    const first = await prepare();
    const { child, text } = await seen(spare.launch, ['/bin/sh', '-c', 'echo $$']);
    expect(child.pid).toBe(first);
    expect(text).toBe(`${first}\n`);
    expect(await waiting()).not.toBe(first);
  });

  it.each<[string, ...string[]]>([
    ['cat', '/proc/self/environ'],
    ['/bin/sh', '-c', 'tr "\\0" "\\n" </proc/self/cmdline', "it's", '', 'a\nb', '$(id)'],
    ['/bin/readlink', '/proc/self/cwd'],
    ['/bin/ls', '/proc/self/fd'],
    [
      '/bin/sh',
      '-c',
      'readlink /proc/self/fd/0; grep -E "^(Sig|Uid|Gid|Groups|NoNewPrivs|Umask)" /proc/self/status',
    ],
    ['/bin/sh', '-c', 'set -- $(cat /proc/self/stat); [ "$5" = "$$" ] && [ "$6" = "$$" ] && echo leads'],
  ])('gives a program what a fork gives it: %s %s %s', async (...argv) => {
    const forked = await seen(launchByFork, argv);
    await prepare();
    const spared = await seen(spare.launch, argv);
    expect(isSpare(spared.child)).toBe(true);
    // A shell has its variables in an order of its own.
    const parts = (text: string): string[] => text.split('\0').sort();
    expect(parts(spared.text)).toEqual(parts(forked.text));
    expect(spared.code).toBe(0);
  });

  it.each<[string, Partial<LaunchOptions> & { argv?: [string, ...string[]] }]>([
    ['a missing command', { argv: ['/no/such/command'] }],
    ['a command that is not on its PATH', { argv: ['no-such-command'] }],
    ['a missing directory', { cwd: '/no/such/directory' }],
    ['a user', { user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 } }],
    ['a name that no shell can have', { env: { ...awkward, 'npm_config_//host/:x': '1' } }],
    ['a name that means something to a shell', { env: { ...awkward, IFS: 'x' } }],
    ['a large environment', { env: { ...awkward, LARGE: 'x'.repeat(70_000) } }],
  ])('leaves %s to a fork', async (_, { argv = ['/bin/true'], ...options }) => {
    const first = await prepare();
    const failed = once(
      spare.launch({ argv, cwd: '/', env: awkward, user: null, stdio: ['ignore', 'ignore'], ...options }),
      'exit',
    ).then(
      () => 'ended',
      () => 'failed',
    );
    await failed;
    expect(await waiting()).toBe(first);
  });

  it('forks when the spare was killed', async () => {
    const first = await prepare();
    process.kill(first, 'SIGKILL');
    await eventually(() => expect(known).toEqual(new Set()));
    const { child, code } = await seen(spare.launch, ['/bin/true']);
    expect(code).toBe(0);
    expect(isSpare(child)).toBe(false);
  });

  it('tells of its group before it can be a program, and of its end only when it was none', async () => {
    const first = await prepare();
    expect(known).toEqual(new Set([first]));
    await seen(spare.launch, ['/bin/true']);
    const second = await waiting();
    expect(known).toEqual(new Set([first, second]));
  });

  it('ends when it is closed', async () => {
    const first = await prepare();
    spare.close();
    await eventually(() => expect(isRunning(first)).toBe(false));
    await eventually(() => expect(known).toEqual(new Set()));
  });
});
