import type { PidnapConfig } from './config.js';

/**
 * Gives a config file its types; returns its argument.
 *
 * @example
 * export default defineConfig({
 *   tasks: { migrate: { command: 'npm run migrate' } },
 *   processes: { web: { command: ['node', 'server.js'], dependsOn: ['migrate'], probes: { readiness: { http: { port: 3000 } } } } },
 * });
 */
export function defineConfig(config: PidnapConfig): PidnapConfig {
  return config;
}
