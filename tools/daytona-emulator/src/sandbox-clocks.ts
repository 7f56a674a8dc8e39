import type { SandboxRecord } from './sandbox-record.js';

/** What the clocks of a sandbox ask for now. */
export type DueAction = 'stop' | 'archive' | 'destroy';

/** @param minuteMs What counts as a minute. */
export function dueAction(
  { dto, lastActivityAt, stoppedAt }: Pick<SandboxRecord, 'dto' | 'lastActivityAt' | 'stoppedAt'>,
  now: number,
  minuteMs: number,
): DueAction | undefined {
  const {
    state,
    autoStopInterval = 0,
    autoArchiveInterval = 0,
    autoDeleteInterval = -1,
    autoDestroyAt,
  } = dto;
  const past = (since: number | undefined, minutes: number) =>
    since !== undefined && now - since >= minutes * minuteMs;
  if (autoDestroyAt !== undefined && now >= Date.parse(autoDestroyAt)) return 'destroy';
  if (state === 'started')
    return autoStopInterval > 0 && past(lastActivityAt, autoStopInterval) ? 'stop' : undefined;
  if (autoDeleteInterval >= 0 && past(stoppedAt, autoDeleteInterval)) return 'destroy';
  if (state === 'stopped' && autoArchiveInterval > 0 && past(stoppedAt, autoArchiveInterval))
    return 'archive';
  return undefined;
}
