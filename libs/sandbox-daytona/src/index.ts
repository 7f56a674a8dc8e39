export { type DaytonaConfig, findDaytonaAccess } from './daytona-access.js';
export type { DaytonaExtra } from './daytona-extra.js';
export { daytonaProvider } from './daytona-provider.js';
export { type PushAccess, requestPushAccess } from './push-access.js';
export { checkImageReference, checkSnapshotName } from './snapshot-rules.js';
export { ensureStageSnapshot, type StageSnapshot, type StageSnapshotOptions } from './stage-snapshot.js';
export { stageSnapshotName } from './stage-snapshot-name.js';
