import { describe, expect, it } from 'vitest';
import { PidnapError } from '../pidnap-error.js';
import type { ConfigIssue } from './config-issues.js';
import { resolveConfig } from './resolve-config.js';
import type { UnitSpec } from './spec.js';

const origin = { configFile: '/app/pidnap.config.ts', baseDir: '/app', processEnv: { HOME: '/home/me' } };

function issuesOf(config: unknown, processEnv: NodeJS.ProcessEnv = {}): readonly ConfigIssue[] {
  try {
    resolveConfig(config, { ...origin, processEnv });
  } catch (error) {
    expect(error).toBeInstanceOf(PidnapError);
    return (error as PidnapError).details.issues as ConfigIssue[];
  }
  return [];
}

function unit(config: object): UnitSpec {
  const spec = resolveConfig({ processes: { web: { command: 'x', ...config } } }, origin).units.get('web');
  if (!spec) throw new Error('no unit');
  return spec;
}

describe('resolveConfig', () => {
  it('applies the defaults', () => {
    const spec = resolveConfig({}, origin);
    expect(spec).toMatchObject({
      logDir: '/var/log/pidnap',
      http: { host: '127.0.0.1', port: 9876, token: null },
    });
    expect(unit({})).toMatchObject({
      argv: ['/bin/sh', '-c', 'x'],
      cwd: '/app',
      restart: 'always',
      reloadDelay: 5000,
      stopSignal: 'SIGTERM',
      logFile: '/var/log/pidnap/process/web.log',
    });
  });

  it('resolves paths from the configuration and from home', () => {
    const spec = resolveConfig({ logDir: 'logs', envFile: ['~/.env', '/etc/env', 'x.env'] }, origin);
    expect(spec.logDir).toBe('/app/logs');
    expect(spec.envFiles).toEqual(['/home/me/.env', '/etc/env', '/app/x.env']);
  });

  it.each([
    [true, 0],
    [false, null],
    [700, 700],
    [undefined, 5000],
  ])('reloadDelay %s means %s', (reloadDelay, expected) => {
    expect(unit({ envOptions: { reloadDelay } }).reloadDelay).toBe(expected);
  });

  it('fills in the condition: tasks completed, processes healthy', () => {
    const spec = resolveConfig(
      {
        tasks: { migrate: { command: 'x' } },
        processes: { db: { command: 'x' }, web: { command: 'x', dependsOn: ['migrate', 'db'] } },
      },
      origin,
    );
    expect(spec.units.get('web')?.dependsOn).toEqual([
      { name: 'migrate', condition: 'completed' },
      { name: 'db', condition: 'healthy' },
    ]);
  });

  it.each([
    [{ processes: { web: {} } }, 'processes.web.command', /expected/],
    [{ processes: { web: { command: [] } } }, 'processes.web.command.0', /at least|Too small|expected/],
    [{ processes: { web: { command: 'a\0b' } } }, 'processes.web.command', /NUL/],
    [{ processes: { web: { command: 'x', env: { 'A=B': 'x' } } } }, 'processes.web.env.A=B', /"="/],
    [{ processes: { web: { command: 'x', env: { A: 'x\0' } } } }, 'processes.web.env.A', /NUL/],
    [{ processes: { web: { command: 'x', restat: 'always' } } }, 'processes.web', /restat/],
    [{ processes: { '../web': { command: 'x' } } }, 'processes.../web', /starts with a letter/],
    [{ processes: { web: { command: 'x', stopSignal: 'SIGNOPE' } } }, 'processes.web.stopSignal', /SIGTERM/],
    [
      { processes: { web: { command: 'x', probes: { readiness: { http: { port: 0 } } } } } },
      'processes.web.probes.readiness.http.port',
      />=1/,
    ],
    [
      { processes: { web: { command: 'x', probes: { readiness: { log: '(' } } } } },
      'processes.web.probes.readiness.log',
      /regular expression/,
    ],
    [
      { processes: { web: { command: 'x', probes: { liveness: { log: 'x' } } } } },
      'processes.web.probes.liveness',
      /one of http, tcp, exec/,
    ],
    [
      { processes: { web: { command: 'x', dependsOn: ['db'] } } },
      'processes.web.dependsOn',
      /no task or process "db"/,
    ],
    [
      { processes: { web: { command: 'x', schedule: { cron: 'nope' } } } },
      'processes.web.schedule.cron',
      /nope/,
    ],
    [
      { processes: { web: { command: 'x', schedule: { cron: '* * * * *', timeZone: 'Mars/Base' } } } },
      'processes.web.schedule.timeZone',
      /Mars/,
    ],
    [{ processes: { web: { command: 'x', user: 'nobody-at-all' } } }, 'processes.web.user', /passwd/],
    [{ tasks: { web: { command: 'x' } }, processes: { web: { command: 'x' } } }, 'processes.web', /unique/],
    [
      { tasks: { a: { command: 'x' } }, processes: { web: { command: 'x', dependsOn: { a: 'healthy' } } } },
      'processes.web.dependsOn',
      /is a task/,
    ],
    [
      { processes: { a: { command: 'x' }, web: { command: 'x', dependsOn: { a: 'completed' } } } },
      'processes.web.dependsOn',
      /never completes/,
    ],
    [{ http: { host: '0.0.0.0' } }, 'http.host', /token/],
    [{ http: { host: '::' } }, 'http.host', /token/],
    [{ http: { token: 'short' } }, 'http.token', /16/],
    [{ http: 'yes' }, 'http', /expected false; or .*expected object/],
    [
      { processes: { web: { command: 'x', probes: { readiness: { htp: 1 } } } } },
      'processes.web.probes.readiness',
      /one of http, tcp, exec, log/,
    ],
    [{ logs: { maxBytes: 10 } }, 'logs.maxBytes', /4096/],
  ])('%j is refused with where and what', (config, path, message) => {
    const issues = issuesOf(config);
    expect(issues.map((issue) => issue.path)).toContain(path);
    expect(issues.map((issue) => issue.message).join()).toMatch(message);
  });

  it('lists every finding at once', () => {
    expect(
      issuesOf({ processes: { a: { command: 1 }, b: { command: 'x', cwd: 2 } }, logDir: 3 }),
    ).toHaveLength(3);
  });

  it('names the way round a cycle', () => {
    const issues = issuesOf({
      processes: {
        a: { command: 'x', dependsOn: ['b'] },
        b: { command: 'x', dependsOn: ['c'] },
        c: { command: 'x', dependsOn: ['a'] },
      },
    });
    expect(issues).toEqual([{ path: 'dependsOn', message: 'the dependencies form a cycle: a → b → c → a' }]);
  });

  it('an outside address is fine with a token, also from PIDNAP_TOKEN', () => {
    expect(issuesOf({ http: { host: '0.0.0.0', token: 'x'.repeat(16) } })).toEqual([]);
    expect(issuesOf({ http: { host: '0.0.0.0' } }, { PIDNAP_TOKEN: 'x'.repeat(16) })).toEqual([]);
    expect(issuesOf({}, { PIDNAP_TOKEN: 'short' })).toHaveLength(1);
  });
});
