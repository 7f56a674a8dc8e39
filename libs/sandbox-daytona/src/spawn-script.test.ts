import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSpawnLine, type SpawnScriptOptions, spawnDirectory, spawnScript } from './spawn-script.js';

let count = 0;

/** Runs the script in a shell of this machine, as a session would. */
function run(options: Omit<SpawnScriptOptions, 'mark'>, input = '', path = process.env.PATH) {
  count += 1;
  const mark = `test-${process.pid}-${count}`;
  const { stdout, stderr, status } = spawnSync('/bin/sh', ['-c', spawnScript({ ...options, mark })], {
    input,
    env: { ...process.env, PATH: path },
  });
  const lines = (text: Buffer) =>
    text
      .toString()
      .split('\n')
      .slice(0, -1)
      .map((line) => parseSpawnLine(line));
  const bytes = (text: Buffer) =>
    Buffer.concat(lines(text).map((line) => (line?.kind === 'data' ? line.bytes : new Uint8Array())));
  const said = lines(stdout).filter((line) => line?.kind !== 'data');
  return { stdout: bytes(stdout), stderr: bytes(stderr), said, status, directory: spawnDirectory(mark) };
}

describe('spawnScript', () => {
  it('brings every byte of both outputs through a text log, and the code', () => {
    const script = 'printf "a\\0b\\001\\001\\001\\377"; printf "no newline" >&2; exit 7';
    const { stdout, stderr, said, status, directory } = run({ argv: ['/bin/sh', '-c', script] });
    expect([...stdout]).toEqual([97, 0, 98, 1, 1, 1, 255]);
    expect(stderr.toString()).toBe('no newline');
    expect(said).toEqual([{ kind: 'started' }, { kind: 'exit', code: 7 }]);
    expect(status).toBe(7);
    expect(existsSync(directory)).toBe(false);
  });

  it('does so where base64 knows no -w0, in output longer than a line of it', () => {
    const dir = mkdtempSync(join(tmpdir(), 'base64-'));
    try {
      const plain = `#!/bin/sh\n[ $# = 0 ] || exit 1\nexec ${execFileSync('which', ['base64']).toString()}`;
      writeFileSync(join(dir, 'base64'), plain, { mode: 0o755 });
      const argv = ['/bin/sh', '-c', 'head -c 200000 /dev/zero'];
      for (const path of [`${dir}:${process.env.PATH}`, process.env.PATH])
        expect(run({ argv }, '', path).stdout.equals(Buffer.alloc(200_000))).toBe(true);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('keeps arguments, environment and directory as they are', () => {
    const args = ['', 'a b', "it's", '$HOME `id`', 'line\nbreak', '--', '*'];
    const env = { ODD: 'a "b" $c\n\'d\'' };
    const script = 'printf "%s|" "$@" "$ODD" "$PWD"';
    const { stdout } = run({ argv: ['/bin/sh', '-c', script, 'sh', ...args], env, cwd: '/usr' });
    expect(stdout.toString()).toBe([...args, env.ODD, '/usr', ''].join('|'));
  });

  it('tells a missing program and a missing directory from a failing one', () => {
    expect(run({ argv: ['no-such-program'] }).said[0]).toEqual({ kind: 'notfound' });
    expect(run({ argv: ['true'], cwd: '/no/such' }).said[0]).toEqual({ kind: 'nodirectory' });
    expect(run({ argv: ['/bin/sh', '-c', 'exit 127'] }).said).toEqual([
      { kind: 'started' },
      { kind: 'exit', code: 127 },
    ]);
  });

  it('ends the input when it is told, also when numbers come twice or are nonsense', () => {
    expect(run({ argv: ['cat'], stdin: true }, '0\n0\n../../etc/passwd\nend\n').said.at(-1)).toEqual({
      kind: 'exit',
      code: 0,
    });
  });

  it('says how a signal ended the program, without the shell mixing in', () => {
    const { said, stderr } = run({ argv: ['/bin/sh', '-c', 'kill -TERM $$'] });
    expect(said.at(-1)).toEqual({ kind: 'exit', code: 143 });
    expect(stderr.toString()).toBe('');
  });
});

describe('parseSpawnLine', () => {
  it.each(['', 'Terminated', 'not ours', '#', '#unknown 3'])('ignores %j', (line) => {
    expect(parseSpawnLine(line)).toBeUndefined();
  });
});
