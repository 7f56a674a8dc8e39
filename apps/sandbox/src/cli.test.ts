import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// The program as people run it, from its sources; no engine is needed, since none answers at this address.
describe('sandbox', () => {
  let home: string;
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'sandbox-cli-'));
  });
  afterAll(() => rmSync(home, { recursive: true }));

  const run = (...args: string[]) =>
    execa(
      'node',
      ['--conditions=@iterate/source', '--import', 'tsx', join(import.meta.dirname, 'cli.ts'), ...args],
      {
        reject: false,
        stdin: 'ignore',
        env: { DOCKER_HOST: 'tcp://127.0.0.1:1', XDG_DATA_HOME: home },
      },
    );

  it('shows examples and exit codes in its help', async () => {
    const { stdout, exitCode } = await run('--help');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('$ sandbox up ');
    expect(stdout).toMatch(/Exit codes:/);
  });

  it('ends with 2 and a hint for a command that does not exist', async () => {
    const { stderr, exitCode } = await run('upp');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Did you mean up?');
  });

  it('ends with 4 and one line when no engine answers', async () => {
    const { stdout, stderr, exitCode } = await run('ls', '--json');
    expect(exitCode).toBe(4);
    expect(stdout).toBe('');
    expect(stderr.split('\n')).toHaveLength(1);
    expect(stderr).toContain('No Docker engine answers at tcp://127.0.0.1:1');
  });

  it.each([
    ['--verbose', 'ls'],
    ['ls', '--verbose'],
  ])('shows the stack with %s %s', async (...args) => {
    const { stderr, exitCode } = await run(...args);
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(/^\s+at /m);
    expect(stderr).toContain('caused by:');
  });

  it('ends exec with 125 whatever failed, since other codes are those of the command', async () => {
    expect((await run('exec', '--', 'true')).exitCode).toBe(125);
  });

  it('prints nothing but JSON from doctor --json, and ends with 1 when something fails', async () => {
    const { stdout, exitCode } = await run('doctor', '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ name: 'engine', status: 'fail' }));
  });
});
