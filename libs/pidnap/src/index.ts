export type {
  BackoffConfig,
  Command,
  Condition,
  CrashLoopConfig,
  DependsOn,
  EnvOptions,
  ExecProbe,
  HttpConfig,
  HttpProbe,
  LogConfig,
  LogProbe,
  PidnapConfig,
  ProbeConfig,
  ProbesConfig,
  ProbeTiming,
  ProcessConfig,
  ScheduleConfig,
  TaskConfig,
  TcpProbe,
} from './config/config.js';
export { defineConfig } from './config/define-config.js';
export * from './shared-exports.js';
export { type Manager, type StartOptions, startManager } from './start-manager.js';
