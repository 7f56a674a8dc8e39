/** What both entry points export: the manager in this process and the client of another one speak of the same things. */
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
