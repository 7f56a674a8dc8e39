export type {
  LogLine as ProcessLogLine,
  LogQuery as ProcessLogQuery,
  ProcessDetail,
  ProcessInfo,
  ProcessState,
} from 'pidnap/client';
export { CAPABILITIES, type Capabilities, type Capability } from './capabilities.js';
export { Connection, type CreateOptions, type SpecFor } from './connection.js';
export { type Deadline, startDeadline } from './deadline.js';
export { defineProvider, type Provider, type ProviderDefinition } from './define-provider.js';
export type {
  ByteStream,
  CreateEvent,
  DirectoryEntry,
  Driver,
  DriverFs,
  DriverImages,
  DriverProcess,
  DriverSandbox,
  Endpoint,
  ExitStatus,
  FileStat,
  ImageInfo,
  ListFilter,
  LogLine,
  LogOptions,
  ProcessInput,
  SandboxInfo,
  SandboxStats,
  SpawnOptions,
  TtySize,
} from './driver.js';
export type { ExecOptions } from './exec.js';
export { ExecResult } from './exec-result.js';
export { exitStatus, type LinuxSignal, signalNumber } from './exit-status.js';
export type { DownloadResult } from './file-transfer.js';
export { reapExpired } from './reap-expired.js';
export { Sandbox } from './sandbox.js';
export {
  isSandboxError,
  SandboxError,
  type SandboxErrorCode,
  type SandboxErrorDetails,
  type SandboxErrorJson,
} from './sandbox-error.js';
export { SandboxFs, type WriteOptions } from './sandbox-fs.js';
export { SandboxProcesses } from './sandbox-processes.js';
export { type SandboxSpec, sandboxSpecSchema, type ValidSandboxSpec } from './sandbox-spec.js';
export { canTransition, SANDBOX_STATES, SANDBOX_TRANSITIONS, type SandboxState } from './sandbox-state.js';
export type { Schema } from './schema.js';
export type { WaitCondition } from './wait-condition.js';
export type { WaitOptions } from './wait-for.js';
export type { ProcessWaitOptions } from './wait-for-processes.js';
export { type IdleOptions, waitUntilIdle } from './wait-until-idle.js';
