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
export { isPidnapError, PidnapError, type PidnapErrorCode, type PidnapErrorJson } from './pidnap-error.js';
export type { DetailOptions, EventQuery, LogQuery, PidnapApi, WaitOptions } from './protocol/api.js';
export type {
  EnvErrorEvent,
  EnvEvent,
  ExitEvent,
  GapEvent,
  LogDroppedEvent,
  ManagerEvent,
  PidnapEvent,
  ProbeEvent,
  ReloadEvent,
  StateEvent,
} from './protocol/events.js';
export type {
  DependencyInfo,
  ExitInfo,
  LogLine,
  ManagerStatus,
  ProbeInfo,
  ProcessDetail,
  ProcessInfo,
  ReloadResult,
  ResourceUsage,
  StateReason,
  TaskDetail,
  TaskInfo,
} from './protocol/info.js';
export type { DesiredState, ProcessState } from './protocol/process-state.js';
export { type Manager, type StartOptions, startManager } from './start-manager.js';
