import { expect, it } from 'vitest';
import { runCommand } from './run-command.mjs';
import { StepError } from './step-error.mjs';

it('returns what the command wrote to stdout and reports both streams by line', async () => {
  const lines: string[] = [];
  const stdout = await runCommand('sh', ['-c', 'echo out; echo err >&2'], {
    onLine: (line) => lines.push(line),
  });
  expect(stdout).toBe('out\n');
  expect(lines.sort()).toEqual(['err', 'out']);
});

it('fails with the exit code, the last lines and the way out', async () => {
  const failure = await runCommand('sh', ['-c', 'seq 1 100; exit 3'], { wayOut: 'count less' }).catch(
    (error) => error,
  );
  expect(failure).toBeInstanceOf(StepError);
  expect(failure.message).toContain('exited with 3');
  expect(failure.wayOut).toBe('count less');
  expect(failure.output.split('\n')).toHaveLength(25);
  expect(failure.output).toMatch(/100$/);
});

it('names a command that does not exist', async () => {
  const failure = await runCommand('no-such-command-here', []).catch((error) => error);
  expect(failure).toBeInstanceOf(StepError);
  expect(failure.message).toContain('no-such-command-here could not be started');
});

it('ends a command that runs out of time', async () => {
  await expect(runCommand('sleep', ['30'], { timeoutMs: 100 })).rejects.toThrow(/was ended by SIGTERM/);
});
