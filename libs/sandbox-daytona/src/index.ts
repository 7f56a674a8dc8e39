export { type DaytonaConfig, findDaytonaAccess } from './daytona-access.js';
export type { DaytonaExtra } from './daytona-extra.js';
export { daytonaProvider } from './daytona-provider.js';
export { checkImageReference, checkSnapshotName } from './snapshot-rules.js';
