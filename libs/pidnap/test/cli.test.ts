import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PidnapConfig } from '../src/config/config.js';
import { initManager, runCli, startCli } from './built-cli.js';
import { eventually, tempDir } from './test-manager.js';

const config: PidnapConfig = {
  env: { SECRET: 's3cret' },
  tasks: { prepare: { command: 'echo prepared' } },
  processes: {
    web: { command: 'echo hello; exec sleep 1000', dependsOn: ['prepare'] },
    broken: { command: 'exit 3', restart: 'never' },
    never: { command: 'sleep 1000', probes: { readiness: { exec: 'false' } } },
  },
};

describe('pidnap', () => {
  it('has the commands of the README', async () => {
    using dir = tempDir();
    await using manager = await initManager(dir.path, config);
    const { cli } = manager;
    expect(await cli('wait', 'web', '--timeout', '10')).toMatchObject({ code: 0, stdout: 'ready\n' });

    const status = await cli('status');
    expect(status.code).toBe(0);
    expect(status.stdout).toMatch(/^manager {4}running, not ready\n {11}broken is failed \(exit code 3\)/);
    expect(JSON.parse((await cli('status', '--json')).stdout)).toMatchObject({
      state: 'running',
      tasks: { completed: 1 },
    });

    const list = await cli('processes', 'list');
    expect(list.stdout).toMatch(/^NAME +STATE +PID +UPTIME +RESTARTS +MEMORY +REASON$/m);
    expect(list.stdout).toMatch(/^web\s+ready\s+\d+\s+\d+s\s+0\s/m);

    const get = await cli('processes', 'get', 'web');
    expect(get.stdout).toMatch(/^state\s+ready since /m);
    expect(get.stdout).toMatch(/^env\s+SECRET=\*\*\*$/m);
    const pid = (text: string): string | undefined => /pid\s+(\d+)/.exec(text)?.[1];

    const restart = await cli('processes', 'restart', 'web');
    expect(restart.stdout).toMatch(/^web is ready, pid \d+\n$/);
    expect(pid(restart.stdout)).not.toBe(pid(get.stdout));
    expect((await cli('processes', 'stop', 'web')).stdout).toBe('web is stopped\n');
    expect((await cli('processes', 'start', 'web')).stdout).toMatch(/^web is ready/);

    expect((await cli('tasks')).stdout).toMatch(/^prepare\s+completed/m);
    expect((await cli('tasks', 'run', 'prepare')).code).toBe(0);
    await eventually(async () => expect((await cli('logs', 'prepare')).stdout).toBe('prepared\nprepared\n'));
    expect((await cli('logs')).stdout).toMatch(/^web {5}\| hello$/m);
    expect((await cli('logs', 'web', '--tail', '1', '--since', '1h', '-t')).stdout).toMatch(
      /^\d{4}-.*Z hello\n$/,
    );
    expect(JSON.parse((await cli('logs', 'web', '-n', '1', '--json')).stdout)).toMatchObject({
      name: 'web',
      text: 'hello',
    });

    const events = await cli('events', '--cursor', '0', '--no-follow');
    expect(events.stdout).toMatch(/^1 \S+Z manager started/);
    expect(events.stdout).toContain('web: starting → ready');
    const top = await cli('top', '--interval', '0.1');
    expect(top.stdout).toMatch(/^web\s+ready/m);
  });

  it('exit codes say what happened', async () => {
    using dir = tempDir();
    await using manager = await initManager(dir.path, config);
    const { cli } = manager;
    const codes: Record<string, number | null> = {};
    for (const words of [
      'processes get nobody',
      'wait never --timeout 0.2',
      'wait broken',
      'nonsense',
      'logs -n x',
      'processes get web --show-secrets',
      'reload',
    ]) {
      codes[words] = (await cli(...words.split(' '))).code;
    }
    expect(codes).toEqual({
      'processes get nobody': 4,
      'wait never --timeout 0.2': 5,
      'wait broken': 1,
      nonsense: 2,
      'logs -n x': 2,
      'processes get web --show-secrets': 6,
      reload: 0,
    });
  });

  it('says clearly that no manager answers', async () => {
    const result = await runCli(['status', '--url', 'http://127.0.0.1:1']);
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toBe(
      'pidnap: No pidnap manager answers at http://127.0.0.1:1. Start one with "pidnap init", or give its address.\n',
    );
    const json = await runCli(['status', '--url', 'http://127.0.0.1:1', '--json']);
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: 'unreachable' } });
  });

  it('reload applies what changed, and refuses what is invalid', async () => {
    using dir = tempDir();
    await using manager = await initManager(dir.path, config);
    const file = join(dir.path, 'pidnap.config.json');
    const base = { http: { socket: 'api' }, logDir: 'logs' };
    writeFileSync(
      file,
      JSON.stringify({
        ...base,
        ...config,
        processes: { ...config.processes, more: { command: 'sleep 1000' } },
      }),
    );
    expect(await manager.cli('reload')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('added      more'),
    });
    writeFileSync(file, JSON.stringify({ ...base, processes: { web: {} } }));
    const refused = await manager.cli('reload');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('processes.web.command: ');
    expect(JSON.parse((await manager.cli('processes', 'list', '--json')).stdout)).toHaveLength(4);
    // SIGHUP is the same without a client.
    writeFileSync(file, JSON.stringify({ ...base, processes: { only: { command: 'sleep 1000' } } }));
    manager.running.child.kill('SIGHUP');
    await eventually(async () =>
      expect((await manager.cli('processes', 'list')).stdout).toMatch(/^only\s+ready/m),
    );
  });

  it.each([
    ['logs', 'web', '-f'],
    ['logs', '-f'],
    ['logs', 'pidnap', '-f'],
    ['events', '--cursor', '0'],
  ])('%s %s %s ends with 0 when the manager ends in order, and has the last word', async (...words) => {
    using dir = tempDir();
    await using manager = await initManager(dir.path, {
      processes: {
        // A shell may report the end of its sleep after its own last word.
        web: {
          command: `exec 2>/dev/null; trap 'echo bye; exit 0' TERM; echo hello; while :; do sleep 0.02; done`,
        },
      },
    });
    await eventually(async () => expect((await manager.cli('logs', 'web')).stdout).toBe('hello\n'));
    const reader = startCli(words, { env: { PIDNAP_SOCKET: join(dir.path, 'api') } });
    await eventually(() => expect(reader.stdout()).not.toBe(''));
    manager.running.child.kill('SIGTERM');
    const { code, stdout, stderr } = await reader.finished;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(words.includes('web') || words.length === 2 ? /bye\n$/ : /stop/);
  });

  it('logs -f ends with 3 when the manager is killed', async () => {
    using dir = tempDir();
    await using manager = await initManager(dir.path, {
      processes: { web: { command: 'echo hello; sleep 60' } },
    });
    const reader = startCli(['logs', 'web', '-f'], { env: { PIDNAP_SOCKET: join(dir.path, 'api') } });
    await eventually(() => expect(reader.stdout()).toBe('hello\n'));
    manager.running.child.kill('SIGKILL');
    expect(await reader.finished).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('No pidnap manager'),
    });
  });

  it('reads a TypeScript configuration, anew at each reload', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'pidnap.config.ts');
    const write = (seconds: number): void =>
      writeFileSync(
        file,
        `const seconds: number = ${seconds};
         export default { http: { socket: 'api' }, logDir: 'logs', processes: { web: { command: ['sleep', String(seconds)] } } };`,
      );
    write(1000);
    const running = startCli(['init'], { cwd: dir.path });
    const env = { PIDNAP_SOCKET: join(dir.path, 'api') };
    await eventually(async () =>
      expect(await runCli(['wait', '--timeout', '5'], { env })).toMatchObject({ code: 0 }),
    );
    write(2000);
    expect((await runCli(['reload'], { env })).stdout).toContain('restarted  web');
    expect((await runCli(['processes', 'get', 'web'], { env })).stdout).toMatch(/^command +sleep 2000$/m);
    running.child.kill('SIGTERM');
    expect(await running.finished).toMatchObject({ code: 0 });
  });

  it('check validates without running anything', async () => {
    using dir = tempDir();
    writeFileSync(join(dir.path, 'pidnap.config.yaml'), 'processes:\n  web: { command: touch ran }\n');
    expect(await runCli(['check', dir.path])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('is valid: 0 tasks, 1 processes'),
    });
    writeFileSync(join(dir.path, 'pidnap.config.yaml'), 'processes:\n  web: { comand: x }\n');
    const bad = await runCli(['check'], { cwd: dir.path });
    expect(bad.code).toBe(2);
    expect(bad.stderr).toContain('processes.web: Unrecognized key: "comand"');
    expect(await runCli(['check', join(dir.path, 'nope')])).toMatchObject({ code: 2 });
  });

  it('run gives a one-off the environment and directory of a service, and passes on its exit code', async () => {
    using dir = tempDir();
    writeFileSync(join(dir.path, '.env'), 'FROM_FILE=yes\n');
    const file = join(dir.path, 'pidnap.config.json');
    writeFileSync(
      file,
      JSON.stringify({
        envFile: '.env',
        processes: { web: { command: 'echo "$FROM_FILE $OWN $PWD"; exit 7', env: { OWN: 'own' } } },
      }),
    );
    expect(await runCli(['run', '--config', file, 'web'])).toMatchObject({
      code: 7,
      stdout: `yes own ${dir.path}\n`,
    });
    expect(
      await runCli(['run', '-c', file, 'web', 'sh', '-c', 'echo $OWN $1', '--', '--json']),
    ).toMatchObject({ code: 0, stdout: 'own --json\n' });
    expect(await runCli(['run', '-c', file, 'web', 'sh', '-c', 'kill -TERM $$'])).toMatchObject({
      code: 143,
    });
    expect(await runCli(['run', '-c', file, 'nobody'])).toMatchObject({ code: 4 });
    expect(await runCli(['run', '-c', file, 'web', '/does/not/exist'])).toMatchObject({ code: 127 });
  });

  it.each(['bash', 'zsh', 'fish'])('completion for %s names the commands', async (shell) => {
    const { code, stdout } = await runCli(['completion', shell]);
    expect(code).toBe(0);
    for (const word of ['processes', 'restart', 'logs', 'wait']) expect(stdout).toContain(word);
  });

  it('completion for bash works in bash', async () => {
    const { stdout } = await runCli(['completion', 'bash']);
    const script = `${stdout}\nCOMP_WORDS=(pidnap processes re); COMP_CWORD=2; _pidnap; echo "\${COMPREPLY[@]}"`;
    expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' })).toBe('restart\n');
  });

  it('trap 10: a reader that goes away ends the output without a stack trace', async () => {
    using dir = tempDir();
    await using manager = await initManager(dir.path, {
      processes: { noisy: { command: 'seq 1 20000; exec sleep 1000' } },
    });
    await eventually(async () =>
      expect((await manager.cli('logs', 'noisy', '-n', '1')).stdout).toBe('20000\n'),
    );
    const reader = startCli(['logs', 'noisy'], { env: { PIDNAP_SOCKET: join(dir.path, 'api') } });
    reader.child.stdout?.once('data', () => reader.child.stdout?.destroy());
    expect(await reader.finished).toMatchObject({ code: 0, stderr: '' });
  });
});
