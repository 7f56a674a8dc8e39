import { homedir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'pidnap';

const repo = join(homedir(), 'src/github.com/iterate/iterate');
const sandbox = join(repo, 'sandbox');
const daemon = join(repo, 'apps/daemon');

export default defineConfig({
  logDir: '/var/log/pidnap',
  envFile: '~/.iterate/.env',
  tasks: {
    'generate-ca': { command: [join(sandbox, 'generate-ca.sh')], dependsOn: [] },
    // After generate-ca, as tasks are by default: what takes longest to start waits for that one only.
    'db-migrate': { command: ['node', 'dist/migrate.js'], cwd: daemon },
  },
  processes: {
    'egress-proxy': {
      command: [join(sandbox, 'egress-proxy.sh')],
      dependsOn: ['generate-ca'],
      probes: { readiness: { tcp: 8888 } },
      // The addon reads the env file at request time: new keys and a new worker need no restart, and old values of
      // its own environment must not stand in for removed ones.
      envOptions: { inheritGlobalEnv: false, reloadDelay: false },
    },
    'iterate-daemon': {
      command: ['node', 'dist/server.js'],
      cwd: daemon,
      dependsOn: ['db-migrate'],
      probes: { readiness: { http: { port: 3000, path: '/api/health' } } },
      envOptions: { reloadDelay: 5_000 },
    },
    opencode: {
      command: ['opencode', 'serve', '--hostname', '0.0.0.0', '--port', '4096'],
      cwd: repo,
      // It reads the trust bundle at its start.
      dependsOn: ['generate-ca'],
      // Its socket accepts before it answers, and a request sent in between is never answered: only the log tells.
      probes: { readiness: { log: 'opencode server listening' } },
      // With a client on its event stream it can ignore SIGTERM.
      stopTimeout: 3_000,
      // For what agents run: entry.sh takes it from pidnap, since every Node takes half as long again to start with it.
      env: { NODE_USE_ENV_PROXY: '1' },
      // Agents want a new API key at once.
      envOptions: { reloadDelay: 500 },
    },
  },
});
