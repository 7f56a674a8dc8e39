export { diffEnv, type EnvDiff } from './env-diff.js';
export type { EnvValues } from './env-values.js';
export {
  type EnvProblem,
  EnvWatchError,
  type EnvWatchErrorCode,
  type EnvWatchErrorDetails,
} from './env-watch-error.js';
export type { EnvChange, EnvWatchEvents, EnvWatcher, WatchEnvOptions } from './env-watcher.js';
export { parseEnv } from './parse-env.js';
export { watchEnv } from './watch-env.js';
