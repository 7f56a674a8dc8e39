import type { BuildProgressEvent } from './build-progress.js';
import type { BuildCli } from './find-build-cli.js';

/** What happens on the way to an image. */
export type ImageEvent =
  | { type: 'resolved'; commit: string; tree: string; dirty: boolean; branch?: string }
  | { type: 'found'; imageId: string; where: 'engine' | 'registry' }
  /** Another process builds the same image. */
  | { type: 'waiting'; pid: number; host: string; logFile: string }
  | { type: 'building'; key: string; logFile: string; command: BuildCli['kind'] }
  | BuildProgressEvent
  | { type: 'built'; imageId: string; seconds: number }
  | { type: 'pushed'; reference: string; digest: string }
  /** Something did not work that is not needed. */
  | { type: 'warning'; message: string };
