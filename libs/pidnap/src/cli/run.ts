import { spawn } from 'node:child_process';
import { loadConfig } from '../config/load-config.js';
import { exitStatus } from '../engine/exit-status.js';
import { effectiveEnv } from '../env/effective-env.js';
import { EnvFiles } from '../env/env-files.js';
import { PidnapError } from '../pidnap-error.js';
import { keepCompiled } from './compile-cache.js';

/**
 * `pidnap run <name> [command...]`: what a service would run, once, in the foreground and without a manager.
 *
 * @returns the exit code of the command
 */
export async function run(
  name: string,
  words: readonly string[],
  options: { config: string },
): Promise<number> {
  keepCompiled();
  const spec = await loadConfig({ path: options.config });
  const unit = spec.units.get(name);
  if (!unit) {
    throw new PidnapError('not-found', `${spec.configFile} has no process or task "${name}".`, {
      details: { name },
    });
  }
  const files = new EnvFiles({
    onChange: () => {},
    onError: (_, message) => process.stderr.write(`pidnap: ${message}\n`),
  });
  await Promise.all([files.set(null, spec.envFiles), files.set(name, unit.envFiles)]);
  const env = effectiveEnv(unit, {
    process: process.env,
    global: spec.env,
    globalFile: files.values(null),
    ownFile: files.values(name),
  });
  await files.close();
  const [command, ...args] = words.length > 0 ? words : unit.argv;
  return new Promise((resolve) => {
    const child = spawn(command ?? '', args, {
      cwd: unit.cwd,
      env,
      stdio: 'inherit',
      ...(unit.user && { uid: unit.user.uid, gid: unit.user.gid }),
    });
    // The terminal sends Ctrl-C to both; the command decides what it means.
    const forward = (signal: NodeJS.Signals): unknown => child.kill(signal);
    process.on('SIGTERM', forward);
    process.on('SIGINT', () => {});
    child.on('error', (error) => {
      process.stderr.write(`pidnap: cannot run ${command}: ${error.message}\n`);
      resolve(127);
    });
    child.on('exit', (code, signal) => resolve(exitStatus({ code, signal, at: '', uptimeMs: 0 })));
  });
}
